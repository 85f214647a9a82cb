"""Reads why an outside system said no, in every shape seen so far.

The law: this never fails. What cannot be understood is an empty code and an empty reason; the status stays.

    {"status": 400, "message": "…"}                          the marketplace
    {"errors": [{"errorCode": …, "errorMessage": …}]}        the ERP, orders; also `message`, also `code`
    {"message": [{"message": "CODE: …"}]}                    the ERP, journals
    {"message": "CODE: …"}                                   the ERP, everything else, and its gateway
"""

import re
from typing import Any

_CODE = re.compile(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b|^INTERNAL\b")


def read_refusal(data: Any) -> tuple[str, str]:
    """The code and the sentence of a refusal, as far as they can be found."""
    if not isinstance(data, dict):
        return "", ""
    entries = data.get("errors") or data.get("message") or data.get("shipment_errors")
    if isinstance(entries, str):
        entries = [{"message": entries}]
    if not isinstance(entries, list):
        return "", ""
    codes: list[str] = []
    sentences: list[str] = []
    for entry in entries:
        if not isinstance(entry, dict):
            continue
        sentence = str(entry.get("errorMessage") or entry.get("message") or "").strip()
        found = _CODE.search(sentence)
        codes.append(str(entry.get("errorCode") or entry.get("code") or (found[0] if found else "")))
        where = f" ({entry['field']})" if isinstance(entry.get("field"), str) else ""
        sentences.append(f"{sentence}{where}")
    return next(filter(None, codes), ""), "; ".join(filter(None, sentences))
