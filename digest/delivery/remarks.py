"""What records in DNS mean for a sender, in plain words, and what to do about it. Pure: no question is asked here."""

import re
from collections.abc import Mapping, Sequence
from ipaddress import ip_address

from digest.delivery import spf
from digest.delivery.lookups import Address
from digest.model import Finding, Weight

SPF, DKIM, DMARC, REVERSE = "SPF", "DKIM", "DMARC", "reverse DNS"


# --- SPF (RFC 7208) -------------------------------------------------------------------------------------------------


def judge_spf(domain: str, texts: Sequence[str], relay: str | None) -> Finding:
    """The TXT records of the sender's domain by themselves."""
    found = spf.records(texts)
    if not found:
        named = _mechanism(relay) if relay else "a:YOUR-MAIL-SERVER"
        return Finding(
            SPF,
            Weight.WARNING,
            f"{domain} does not say who may send its mail, and large receivers ask for that: "
            f'add the TXT record "v=spf1 {named} -all", or with the include: that your mail service names',
        )
    if len(found) > 1:
        return Finding(
            SPF, Weight.FAILED, f"{domain} has {len(found)} SPF records, so receivers go by none: make them one"
        )
    if spf.lets_everybody(found[0]):
        return Finding(
            SPF, Weight.WARNING, f'the record of {domain} has "+all", which lets everybody send its mail: write "-all"'
        )
    return Finding(SPF, Weight.OK, f"{domain} says who may send its mail")


def _mechanism(host: str) -> str:
    try:
        return f"ip{ip_address(host).version}:{host}"
    except ValueError:
        return f"a:{host}"


def judge_spf_of_relay(domain: str, relay: str, results: Mapping[Address, spf.Result]) -> Finding:
    """Whether the record names the addresses of the relay. That a relay sends from others is common."""
    left_out = [address for address, result in results.items() if result is not spf.Result.PASS]
    if not results:
        return Finding(
            SPF, Weight.NOTE, f"whether {domain} lets {relay} send cannot be told: DNS has no public address of it"
        )
    if not left_out:
        return Finding(SPF, Weight.OK, f"{domain} lets {relay} send its mail")
    addresses = " and ".join(map(str, left_out))
    terms = " ".join(f"ip{address.version}:{address}" for address in left_out)
    return Finding(
        SPF,
        Weight.WARNING,
        f"the record of {domain} does not name {addresses} ({relay}): add {terms}; "
        "if mail leaves from other addresses there, see that those are named",
    )


# --- DKIM (RFC 6376) ------------------------------------------------------------------------------------------------


def judge_dkim(name: str, texts: Sequence[str], ours: str) -> Finding:
    """The TXT records under a selector's name beside the record of our key."""
    if wrong := _wrong_with_key(texts, ours):
        return Finding(DKIM, Weight.FAILED, f"{name} {wrong}: `digest dkim show` prints the record to put there")
    if "y" in (tags(texts[0]) or {}).get("t", "").split(":"):
        words = f"{name} is in test mode, so receivers may ignore our signatures: take out t=y"
        return Finding(DKIM, Weight.WARNING, words)
    return Finding(DKIM, Weight.OK, f"{name} holds our key")


def _wrong_with_key(texts: Sequence[str], ours: str) -> str | None:
    if not texts:
        return "is not in DNS, so nobody can verify our signatures"
    if len(texts) > 1:
        return f"has {len(texts)} TXT records, of which receivers take any one; leave one"
    found, wanted = tags(texts[0]), tags(ours) or {}
    if found is None or "p" not in found or found.get("v", "DKIM1") != "DKIM1":
        return "holds something that is no key"
    if not found["p"]:
        return "is revoked (its p= is empty)"
    if (found.get("k", "rsa"), found["p"]) != (wanted["k"], wanted["p"]):
        return "holds another key than ours, so our signatures fail"
    return None


def tags(text: str) -> dict[str, str] | None:
    """A tag-list (RFC 6376, 3.2) without the blanks in its values; None if it is none."""
    pairs = [pair.partition("=") for pair in text.strip().removesuffix(";").split(";")]
    found = {name.strip(): re.sub(r"\s", "", value) for name, _, value in pairs}
    if len(found) < len(pairs) or not all(name.strip() and equals for name, equals, _ in pairs):
        return None
    return found


# --- DMARC (RFC 9989) -----------------------------------------------------------------------------------------------


def judge_dmarc(domain: str, above: str, texts: Sequence[str], signing_domain: str | None) -> Finding:
    """The TXT records at `_dmarc.` and `above`, which is the sender's domain or one above it.

    `signing_domain` is that of our signatures; None where we make none.
    """
    found = dmarc_records(texts)
    if not found:
        return _dmarc(
            f"{domain} does not say what to do with forged mail, and large receivers ask bulk senders to: "
            f'add the TXT record "v=DMARC1; p=none; rua=mailto:YOU" at _dmarc.{domain}'
        )
    if len(found) > 1:
        return _dmarc(f"_dmarc.{above} has {len(found)} records, so receivers go by none: leave one")
    policy = tags(found[0]) or {}
    wanted = policy.get("p", "") if domain == above else policy.get("sp") or policy.get("p", "")
    if wanted.casefold() not in _POLICIES:
        return _dmarc(
            f"the record at _dmarc.{above} has no policy that receivers know: write p=none, then p=quarantine"
        )
    if signing_domain not in {None, domain} and policy.get("adkim", "r").casefold() == "s":
        return _dmarc(
            f"_dmarc.{above} asks for signatures by {domain} itself (adkim=s), and ours are by {signing_domain}: "
            f'set dkim.domain = "{domain}"'
        )
    if wanted.casefold() == "none":
        words = (
            f"{above} only watches (p=none): go on to p=quarantine once the reports show no mail of yours that fails"
        )
        return Finding(DMARC, Weight.NOTE, words)
    return Finding(DMARC, Weight.OK, f"{above} has forged mail {_POLICIES[wanted.casefold()]}")


_POLICIES = {"none": "let through", "quarantine": "put aside", "reject": "refused"}


def _dmarc(words: str) -> Finding:
    return Finding(DMARC, Weight.WARNING, words)


def dmarc_records(texts: Sequence[str]) -> list[str]:
    """Those of the TXT records that are DMARC's (RFC 9989, 4.7)."""
    return [text for text in texts if re.match(r"v\s*=\s*DMARC1\s*(?:;|\Z)", text)]


# --- reverse DNS ----------------------------------------------------------------------------------------------------


def judge_reverse(host: str, address: Address, names: Mapping[str, Sequence[Address]]) -> Finding:
    """The names of our relay's address (PTR), and the addresses of each."""
    if not names:
        return _unnamed(f"{address} has no name, and many receivers refuse mail from such: ", host)
    if not any(address in addresses for addresses in names.values()):
        shown = " and ".join(names)
        return _unnamed(f"{address} is called {shown}, which does not lead back to it: ", host)
    return Finding(REVERSE, Weight.OK, f"{address} is called {' and '.join(names)}, which leads back to it")


def _unnamed(what: str, host: str) -> Finding:
    return Finding(REVERSE, Weight.WARNING, f"{what}ask who gave you the address to set its PTR record to {host}")
