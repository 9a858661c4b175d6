"""What counts as a word, and which words are one."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.text.tokens import keys, tokenize

WORDS = [
    ("C++ and C#, not C", ["c++", "and", "c#", "not", "c"]),
    ("C++17", ["c++", "17"]),
    ("R", ["r"]),
    ("GPT-4", ["gpt", "4"]),
    ("GPT-3.5", ["gpt", "3.5"]),
    ("U-Net", ["u", "net"]),
    ("word2vec 3D", ["word2vec", "3d"]),
    ("Qwen2.5-VL 7B", ["qwen2.5", "vl", "7b"]),
    ("H₂O", ["h2o"]),
    ("ﬁne", ["fine"]),
    ("Ｆｕｌｌ", ["full"]),
    ("Erdős–Rényi", ["erdos", "renyi"]),
    ("β-VAE", ["β", "vae"]),
    ("TNFα", ["tnf", "α"]),
    ("don't O’Brien's it's", ["dont", "obrien", "it"]),
    ("straße Ørsted Łukasz", ["strasse", "orsted", "lukasz"]),
    ("flow_MDNet_RPN TCP/IP", ["flow", "mdnet", "rpn", "tcp", "ip"]),
    ("拡散モデル", ["拡散", "散モ", "モデ", "デル"]),
    ("猫", ["猫"]),
    ("扩散model扩散", ["扩散", "model", "扩散"]),
    ("확산 모델", ["확산", "모델"]),
    ("диффузионные модели", ["диффузионные", "модели"]),
    ("ἀλήθεια", ["αληθεια"]),
    ("हिन्दी", ["हिन्दी"]),
    ("שָׁלוֹם", ["שלום"]),
    ("jane.doe@example.org", ["jane", "doe", "example", "org"]),
    ("https://www.github.com/a_b/c-d.", ["github", "com", "a", "b", "c", "d"]),
    ("soft\u00adhyphen zero\u200bwidth", ["softhyphen", "zerowidth"]),
    ("e.g. 100% <EOS> ™ — …", ["e", "g", "100", "eos"]),
    ("", []),
]


@pytest.mark.parametrize(("text", "words"), WORDS)
def test_words_are_found(text, words):
    assert [token.word for token in tokenize(text)] == words


SAME = [
    ("LLMs", "LLM"),
    ("llms", "LLM"),
    ("llm", "LLM’s"),
    ("GANs", "gan"),
    ("networks", "Network"),
    ("TRANSFORMER NETWORKS", "transformer network"),
    ("f-divergence", "f divergence"),
    ("f\u2010divergence", "f\u2011divergence"),
    ("f–divergence", "f-divergence"),
    ("Müller", "Muller"),
    ("β-VAE", "beta-VAE"),
    ("NF-κB", "NFκB"),
    ("µ-opioid", "mu opioid"),
    ("H₂O", "H2O"),
    ("İstanbul", "istanbul"),
    ("Neural ﬁelds", "neural field"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_two_spellings_of_one_word_match(one, other):
    assert keys(one) == keys(other)


@pytest.mark.parametrize(
    ("one", "other"), [("C", "C++"), ("C#", "C"), ("AIDS", "aid"), ("GPT-3", "GPT-3.5"), ("か", "が")]
)
def test_different_words_do_not_match(one, other):
    assert keys(one) != keys(other)


def test_an_exact_match_can_ask_for_the_case():
    assert [token.surface for token in tokenize("LLM llm Müller don't")] == ["LLM", "llm", "Muller", "dont"]


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("the Mu\u0308ller's law", ["the", "Mu\u0308ller", "law"]),
        ("(H₂O)", ["H₂O"]),
        ("拡散モ", ["拡散", "散モ"]),
        ("½ ﬁne", ["½", "½", "ﬁne"]),
        ("https://x.org/C++", ["x", "org", "C++"]),
    ],
)
def test_spans_are_of_the_text_as_given(text, spans):
    assert [text[token.start : token.end] for token in tokenize(text)] == spans


@given(st.text())
def test_spans_lie_inside_the_text_and_rise(text):
    tokens = tokenize(text)
    assert all(0 <= token.start < token.end <= len(text) for token in tokens)
    assert [token.start for token in tokens] == sorted(token.start for token in tokens)
    assert all(token.word and token.key for token in tokens)


@given(st.text())
def test_composed_and_decomposed_text_give_the_same_keys(text):
    composed, decomposed = (unicodedata.normalize(form, text) for form in ("NFC", "NFD"))
    assert keys(composed) == keys(decomposed)


@given(st.text())
def test_the_quick_way_gives_the_same_keys(text):
    assert keys(text) == [token.key for token in tokenize(text)]


def test_a_text_without_any_space_is_read_to_its_end():
    assert len(tokenize("ab-" * 20_000)) == 20_000
