"""A sentence encoder from a folder: texts to vectors, so that what means the same lies close together.

The folder is one of sentence-transformers (https://sbert.net), for example all-MiniLM-L6-v2, as it is downloaded by hand.
With `model.onnx` or `onnx/model.onnx` in it, onnxruntime and tokenizers run it, which are there in a blink and small;
otherwise sentence-transformers does. Nothing is loaded before the first text, and nothing is ever downloaded.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from digest.errors import UsageError

Vectors = npt.NDArray[np.float32]  # a row a text

_BATCH = 32
_TOLD_APART = 1 << 20  # bytes of each file that tell one model from another
_LONGEST = 256  # word pieces of a text that are read where the folder does not say


class FolderEncoder:
    """The encoder in a folder. Raises UsageError if there is none, or if what runs it is not installed."""

    def __init__(self, folder: Path) -> None:
        if not (folder / "tokenizer.json").is_file():
            raise _error(folder, "holds no sentence encoder (tokenizer.json is missing); put the whole folder there")
        self._folder = folder

    @cached_property
    def name(self) -> str:
        """What its vectors are kept under: another model in the same folder has another name."""
        seen = hashlib.sha256()
        for path in sorted(path for path in self._folder.rglob("*.*") if path.suffix in _TELLING):
            seen.update(f"{path.relative_to(self._folder)} {path.stat().st_size} ".encode())
            with path.open("rb") as file:
                seen.update(file.read(_TOLD_APART))
        return f"{self._folder.name}-{seen.hexdigest()[:12]}"

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """A vector of length 1 for each text."""
        order = sorted(range(len(texts)), key=lambda number: len(texts[number]))  # a batch is as long as its longest
        made: dict[int, Vectors] = {}
        for start in range(0, len(order), _BATCH):
            numbers = order[start : start + _BATCH]
            made |= zip(numbers, self._encode([texts[number] for number in numbers]), strict=True)
        vectors = np.array([made[number] for number in range(len(texts))], dtype=np.float32).reshape(len(texts), -1)
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        return vectors

    @cached_property
    def _encode(self) -> Callable[[list[str]], Vectors]:
        model = next((path for path in _onnx_files(self._folder) if path.is_file()), None)
        try:
            return _by_onnx(self._folder, model) if model else _by_torch(self._folder)
        except ImportError as error:
            raise _error(
                self._folder, f"cannot be used: {error}; pip install 'daily-paper-digest[semantic]'"
            ) from error
        except Exception as error:  # whatever a library makes of files that are not what they seem
            raise _error(self._folder, f"cannot be loaded ({type(error).__name__}: {error})") from error


_TELLING = {".json", ".txt", ".onnx", ".safetensors", ".bin"}


def _error(folder: Path, what: str) -> UsageError:
    return UsageError(f"The sentence encoder (ranking.semantic_model, --semantic): {folder} {what}, or do without it.")


def _onnx_files(folder: Path) -> Iterator[Path]:
    return (folder / name for name in ("model.onnx", "onnx/model.onnx"))


def _by_torch(folder: Path) -> Callable[[list[str]], Vectors]:
    os.environ["HF_HUB_OFFLINE"] = "1"  # read once, when the library is imported
    library: Any = import_module("sentence_transformers")
    model = library.SentenceTransformer(str(folder), device="cpu", local_files_only=True)

    def encode(texts: list[str]) -> Vectors:
        made: Vectors = model.encode(texts, show_progress_bar=False, convert_to_numpy=True)
        return made

    return encode


def _by_onnx(folder: Path, model: Path) -> Callable[[list[str]], Vectors]:
    onnxruntime: Any = import_module("onnxruntime")
    tokenizers: Any = import_module("tokenizers")
    tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(_setting(folder / "sentence_bert_config.json", "max_seq_length", _LONGEST))
    tokenizer.enable_padding()
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    wanted = [put.name for put in session.get_inputs()]
    first_alone = _setting(folder / "1_Pooling" / "config.json", "pooling_mode_cls_token", default=False)

    def encode(texts: list[str]) -> Vectors:
        read = tokenizer.encode_batch(texts)
        mask = np.array([one.attention_mask for one in read], dtype=np.int64)
        given = {
            "input_ids": np.array([one.ids for one in read], dtype=np.int64),
            "attention_mask": mask,
            "token_type_ids": np.array([one.type_ids for one in read], dtype=np.int64),
        }
        states: Vectors = session.run(None, {name: given[name] for name in wanted})[0]
        return states[:, 0] if first_alone else _mean(states, mask)

    return encode


def _mean(states: Vectors, mask: npt.NDArray[np.int64]) -> Vectors:
    """The mean of the states of each text's word pieces, without those that fill a batch up."""
    counted = mask[:, :, None].astype(np.float32)
    mean: Vectors = (states * counted).sum(axis=1) / np.maximum(counted.sum(axis=1), 1)
    return mean


def _setting(path: Path, name: str, default: Any) -> Any:
    return json.loads(path.read_text(encoding="utf-8")).get(name, default) if path.is_file() else default
