"""Why a run waits, failed or was cancelled, in words; alert_kinds.py says what needs a person."""

from audiences.models import Mode, Run, Trigger
from audiences.states import RunState
from audiences.words import AGAIN, ENDS, HOLDS, WAITS, Words
from pinconnect.identifiers import reasons as identifier_reasons

REASONS: dict[str, Words] = {**WAITS, **HOLDS, **ENDS}
_STOPPING = Words(
    "Stopping: an answer is missing",
    "Nothing new is sent. Some records were sent, but Pinterest did not say whether it took them. They are sent again "
    "until it does, so that the books stay right; then the run ends.",
    "",
)
# Where a run takes people out, it is the other way round.
_OF_REMOVALS = {
    "removes_many": Words(
        "Held: it would take many people out",
        "The dataset names more people on the list than this delivery may take out at once. Nothing was sent.",
        "Look at the numbers. Approve the run if they are right, reject it if the wrong data was uploaded.",
    ),
    "empties_list": Words(
        "Held: it would empty the list",
        "Everybody on the list is in the dataset, so nobody would be left. Nothing was sent.",
        "Approve the run only if the list should really be emptied.",
    ),
    "cancelled": Words(
        "Cancelled",
        "Somebody cancelled the run. Whoever Pinterest had taken out by then stays out and is counted.",
        AGAIN,
    ),
    "nothing_new": Words(
        "Nothing new",
        "There is no data to take people out by: none was written since this delivery was set up, or all of it was "
        "deleted. Nobody was removed.",
        "Upload new data to the dataset, then run the delivery.",
    ),
    "up_to_date": Words(
        "Nobody to take out",
        "Nobody in the dataset is on the list any more, as far as PinConnect knows. Nothing had to be sent.",
        "",
    ),
    "nothing_usable": Words(
        "No usable identifier",
        "No row holds an identifier that can be sent, so nobody could be taken out.",
        "Look at the reasons below. Often a column is mapped to the wrong kind.",
    ),
    "pinterest_unavailable": Words(
        "Pinterest could not be reached for hours",
        "The run tried for hours and stopped. Whoever Pinterest had taken out by then stays out and is counted.",
        "Look at Pinterest’s status page. " + AGAIN,
    ),
    "list_gone": Words(
        "The list is gone",
        "Pinterest no longer knows this customer list. It was deleted there, or the ad account is closed.",
        "This delivery only takes people out, and nobody is left to take out of a list that is gone. Archive it, or go "
        "on with it once a delivery that fills the list has made a new one.",
    ),
}
_GOES_ON = "The erasure goes on by itself until this list has acknowledged it."
# The run of an erasure reads no dataset: whom it takes out was said when the erasure was asked for.
_OF_ERASURES = {
    "cancelled": Words(
        "Cancelled",
        "Somebody cancelled the run. Whoever Pinterest had taken out by then stays out and is counted.",
        _GOES_ON,
    ),
    "up_to_date": Words(
        "Nobody to take out",
        "Nobody who is to be erased is on the list any more, as far as PinConnect knows. Nothing had to be sent.",
        "",
    ),
    "nothing_usable": Words(
        "Nobody to take out", "Nothing of what is to be erased can be on this list. Nothing was sent.", ""
    ),
    "pinterest_unavailable": Words(
        "Pinterest could not be reached for hours",
        "The run tried for hours and stopped. Whoever Pinterest had taken out by then stays out and is counted.",
        "Look at Pinterest’s status page. " + _GOES_ON,
    ),
}


def held(*, adds: int, removals: int, members: int) -> str:
    """What a held run would do, as the rest of a sentence. Numbers of identifiers; members: on the list before.

    Without any it is a list that others have filled: one that is empty so far is filled without asking.
    """
    if not members:
        return f"take {_identifiers(removals)} out of a list that others have filled"
    there = f"the {members:,} that {'is' if members == 1 else 'are'} on the list"
    if not adds:
        return f"remove {_identifiers(removals)} of {there}"
    adding = f"add {_identifiers(adds)}"
    return f"{adding} and remove {removals:,} of {there}" if removals else f"{adding} to {there}"


def _identifiers(count: int) -> str:
    return f"{count:,} identifier{'' if count == 1 else 's'}"


def of_run(run: Run) -> Words | None:
    """Why a run waits, failed or was cancelled, in the words for what it does; None where there is no reason."""
    if run.state == RunState.UPLOADING and run.ending:
        return _stopping(run)
    if run.trigger == Trigger.ERASURE and run.reason in _OF_ERASURES:
        return _OF_ERASURES[run.reason]
    # What follows from a list that is gone depends on the delivery, also where an erasure has found it out.
    takes_out = run.delivery.mode == Mode.REMOVE if run.reason == "list_gone" else run.is_removal
    return reason(run.reason, is_removal=takes_out) if run.reason else None


def _stopping(run: Run) -> Words:
    """It is not over yet: why it ends, and what holds it up if that is the delivery's profile."""
    why = {"cancelled": "Somebody cancelled the run.", "archived": "The delivery was archived."}
    because = why.get(run.reason, f"{reason(run.reason).title}.")
    held_up = WAITS.get(run.delivery.pause_reason)
    return Words(_STOPPING.title, f"{because} {_STOPPING.body}", held_up.next_step if held_up else "")


def reason(code: str, *, is_removal: bool = False) -> Words:
    """The words for a reason code of a run or a delivery; an unknown code is shown rather than hidden.

    is_removal: of a run that takes people out.
    """
    if is_removal and code in _OF_REMOVALS:
        return _OF_REMOVALS[code]
    if code in REASONS:
        return REASONS[code]
    found = identifier_reasons.get(code)
    return Words(found.title, found.meaning, found.action)
