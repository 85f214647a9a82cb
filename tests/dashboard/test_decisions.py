"""What waits for a person's word, and the button that gives it."""

from tests.dashboard.asking import press, sent
from tests.dashboard.looking import senders, show, words
from tests.told import HOUR, NOW, Told


def test_a_stock_file_that_does_not_end_is_given_up_with_the_reason(ordinary: Told) -> None:
    ordinary.wrong("import_stuck", "IMP-1", since=NOW - HOUR)
    page = show("exceptions", query={"kind": "import_stuck", "cause": ""})
    before = {label: reason for label, is_off, reason in senders(page) if is_off}
    page.text_input(key="why-import_stuck-").set_value("John Lewis says it hangs").run(timeout=60)
    press(page, "Give up IMP-1")
    [(_, body)] = sent(ordinary)

    assert before["Give up IMP-1"] == "Write the reason first."
    assert "decreases go first" in words(page)
    assert body["command"] == "give_up_import"
    assert body["arguments"] == {"import_id": "IMP-1", "why": "John Lewis says it hangs"}
