"""What counts as a word, and which words are one: the table of hard cases."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.text import clean
from digest.text.tokens import Spelling, characters, forms, keys, tokenize, words

WORDS = [
    # programming languages, models, versions
    ("C++ and C#, not C", "c++ and c# not c"),
    ("C/C++, C++17, F#.", "c c++ c++ 17 f#"),
    ("R", "r"),
    ("A* Q*", "a q"),
    (".NET Node.js", "net node js"),
    ("GPT-4 GPT-4o GPT-3.5", "gpt 4 gpt 4o gpt 3.5"),
    ("Qwen2.5-VL 7B", "qwen2.5 vl 7b"),
    ("word2vec 3D", "word2vec 3d"),
    ("U-Net", "u net"),
    ("O(n log n)", "o n log n"),
    ("p<0.05 1,000", "p 0.05 1 000"),
    # hyphens, slashes and their like part words
    ("f-divergence f\u2010divergence f\u2011divergence f divergence", "f divergence " * 4),
    ("Erdős–Rényi", "erdos renyi"),
    ("flow_MDNet_RPN TCP/IP", "flow mdnet rpn tcp ip"),
    ("IL-6/STAT3 3'-UTR 5′", "il 6 stat3 3 utr 5"),
    ("CD4+ Ca2+", "cd4 ca2"),
    # accents, ligatures, widths, subscripts
    ("Müller Mu\u0308ller", "muller muller"),
    ("ﬁne Ｆｕｌｌ", "fine full"),
    ("H₂O R² 10⁻⁵", "h2o r2 10 5"),
    ("straße Ørsted Łukasz Å", "strasse orsted lukasz a"),
    ("soft\u00adhyphen zero\u200bwidth", "softhyphen zerowidth"),
    ("𝓜𝒸 ℓ₁", "mc l1"),
    # apostrophes
    ("don't O’Brien's it's students'", "dont obrien it students"),
    # other scripts
    ("β-VAE TNFα Δt", "β vae tnf α δ t"),
    ("ἀλήθεια", "αληθεια"),
    ("диффузионные модели", "диффузионные модели"),
    ("שָׁלוֹם", "שלום"),
    ("हिन्दी", "हिन्दी"),
    ("扩散模型", "扩散 散模 模型"),
    ("拡散モデル", "拡散 散モ モデ デル"),
    ("확산 모델", "확산 모델"),
    ("猫", "猫"),
    ("扩散model扩散。学习", "扩散 model 扩散 学习"),
    ("X光 C++と", "x 光 c++ と"),
    # addresses
    ("jane.doe@example.org", "jane doe example org"),
    ("see https://www.github.com/a_b/c-d.", "see github com a b c d"),
    ("www.example.org/C++?q=1#top", "example org c++ q 1 top"),
    # nothing
    ("e.g. 100% <EOS> ™ — …", "e g 100 eos"),
    ("", ""),
]


@pytest.mark.parametrize(("text", "found"), WORDS)
def test_words_are_found(text, found):
    assert [token.word for token in tokenize(text)] == found.split()


LATEX = [
    (r"H$_2$O", "h2o"),
    (r"Erd\H{o}s--R\'enyi", "erdos renyi"),
    (r"$\beta$-VAE", "β vae"),
    (r"$f$-divergence", "f divergence"),
    (r"$\ell_1$ na\"ive", "l1 naive"),
    (r"Fe$_3$O$_4$ $k$NN", "fe3o4 knn"),
    (r"p$<$0.05", "p 0.05"),
]


@pytest.mark.parametrize(("text", "found"), LATEX)
def test_words_are_found_in_what_latex_stands_for(text, found):
    assert [token.word for token in tokenize(clean.abstract(text))] == found.split()


SAME = [
    ("LLMs", "LLM"),
    ("llms", "LLM"),
    ("llm", "LLM’s"),
    ("GANs", "gan"),
    ("mRNAs", "mrna"),
    ("iPSCs", "ipsc"),
    ("networks", "Network"),
    ("TRANSFORMER NETWORKS", "transformer network"),
    ("f-divergence", "f divergence"),
    ("f\u2010divergence", "f\u2011divergence"),
    ("f–divergence", "f-divergence"),
    ("Müller", "Muller"),
    ("M\u00fcller", "Mu\u0308ller"),
    ("β-VAE", "beta-VAE"),
    ("TNFα", "TNF-alpha"),
    ("NF-κB", "NFκB"),
    ("µ-opioid", "mu opioid"),
    ("H₂O", "H2O"),
    ("İstanbul", "istanbul"),
    ("Neural ﬁelds", "neural field"),
    ("ДИФФУЗИЯ", "диффузия"),
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
    ("text", "found"),
    [
        ("Models", [("model", "=models")]),
        ("LLM", [("llm", "=llm", "=LLM")]),
        ("激光", [("激光", "=激光", "=激", "=光")]),
        ("日日", [("日日", "=日日", "=日")]),
        ("か\u3099く", [("がく", "=がく", "=が", "=く")]),
        ("光", [("光", "=光")]),
    ],
)
def test_a_word_is_found_under_each_of_its_forms(text, found):
    assert [forms(word) for word in words(text)] == found


@pytest.mark.parametrize(("word", "found"), [("激光", ["激", "光"]), ("光", ["光"]), ("αβ", []), ("model", [])])
def test_only_scripts_without_spaces_have_words_of_characters(word, found):
    assert characters(word) == found


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
def test_the_quick_way_gives_the_same_words(text):
    assert words(text) == [Spelling(token.word, token.key, token.surface) for token in tokenize(text)]
    assert keys(text) == [token.key for token in tokenize(text)]


@pytest.mark.parametrize("text", ["ab-" * 20_000, "ab" * 20_000, "光" * 20_000])
def test_a_text_without_any_space_is_read_to_its_end(text):
    assert tokenize(text)[-1].end >= len(text) - 1
    assert len(words(text)) == len(tokenize(text))
