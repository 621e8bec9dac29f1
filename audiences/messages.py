"""Why a run waits, failed or was cancelled, in words; alert_kinds.py says what needs a person."""

from dataclasses import dataclass

from audiences.models import Mode, Run, Trigger
from pinconnect.identifiers import reasons as identifier_reasons
from pinconnect.pinterest.limits import MIN_AUDIENCE_SIZE


@dataclass(frozen=True)
class Words:
    """title: a few words; body: what happened and what it means; next_step: what to do, empty when nothing."""

    title: str
    body: str
    next_step: str


_AGAIN = "Start the delivery again: it sends only what is missing."
_WAITS = {
    "paused": Words(
        "Paused", "The delivery is paused, so the run waits where it is.", "Resume the delivery and the run goes on."
    ),
    "profile_expired": Words(
        "Pinterest needs a new sign-in",
        "Pinterest no longer accepts this profile’s permission and refuses to renew it. The run waits where it is; "
        "nothing is lost.",
        "Connect the profile again under Profiles. The run then goes on by itself.",
    ),
    "profile_disconnected": Words(
        "The profile is disconnected",
        "Somebody disconnected the profile here, so nothing can be sent in its name. The run waits where it is.",
        "Connect the profile again under Profiles, or cancel the run.",
    ),
    "missing_scope": Words(
        "A permission is missing",
        "When the profile was connected, a permission that audiences need was not ticked. The run waits where it is.",
        "Connect the profile again and leave every box ticked. The run then goes on by itself.",
    ),
    "not_permitted": Words(
        "Pinterest does not permit it",
        "Pinterest says that this profile, or the app, may not write audiences in this ad account. The run waits.",
        "Ask the owner of the ad account for the Audience role, then resume the delivery.",
    ),
    "flagged_as_spam": Words(
        "Pinterest blocks the calls as spam",
        "Pinterest has blocked calls of this profile. Going on would make it worse, so the run waits.",
        "Ask Pinterest’s support to lift the block, then resume the delivery.",
    ),
    "rate_limited": Words(
        "Waiting for Pinterest’s rate limit",
        "Pinterest takes a limited number of calls in a time. The run goes on by itself when it may.",
        "",
    ),
    "pinterest_trouble": Words(
        "Pinterest does not answer",
        "Pinterest answers with errors or not at all. The run tries again by itself, less often each time.",
        "",
    ),
    "create_unanswered": Words(
        "Making sure that the list exists only once",
        "Pinterest did not answer when the customer list was to be created. Before asking again, the run looks whether "
        "it is there.",
        "",
    ),
    "list_unknown": Words(
        "Pinterest does not find the list",
        "Pinterest answered that it does not know this customer list. That may be a mistake of the moment, so the run "
        "asks once more in a minute, and only then takes the list for deleted.",
        "",
    ),
    "file_at_pinterest": Words(
        "Pinterest works on a file of records",
        "Everything was sent as a file, and Pinterest has not said what it made of it. The run looks again by itself.",
        "",
    ),
    "files_lost": Words(
        "The run’s files are gone",
        "What was prepared is not in storage any more, and the data it was made of has changed or is gone too. Without "
        "it nobody can tell what Pinterest holds, so the run waits instead of guessing.",
        "Put the storage folder back from a backup. The run then goes on by itself within a quarter of an hour.",
    ),
    "cancel_unsure": Words(
        "Stopping: one answer is missing",
        "Some records were sent, but Pinterest did not say whether it took them. They are sent again until it does, so "
        "that the books stay right; then the run ends.",
        "",
    ),
}
_HOLDS = {
    "removes_many": Words(
        "Held: it would remove many people",
        "More people would leave the list than this delivery may remove at once: they are not in the dataset any more, "
        "or their rows do not match its conditions. Nothing was sent.",
        "Look at the numbers. Approve the run if they are right, reject it if the dataset is incomplete.",
    ),
    "adds_many": Words(
        "Held: it would add many people",
        "The list would grow by more than this delivery may add at once. Nothing was sent.",
        "Look at the numbers. Approve the run if they are right, reject it if the wrong data was uploaded.",
    ),
    "falls_short": Words(
        "Held: the list would become too small",
        f"Fewer than {MIN_AUDIENCE_SIZE} identifiers would be left, and Pinterest needs at least so many of its users "
        "for an audience: ads that use it would stop. Nothing was sent.",
        "Approve the run only if the list should really become so small.",
    ),
    "empties_list": Words(
        "Held: it would empty the list",
        "Nobody on the list is in the dataset any more. Nothing was sent.",
        "Approve the run only if the list should really be emptied.",
    ),
}
_ENDS = {
    "cancelled": Words(
        "Cancelled", "Somebody cancelled the run. What Pinterest had accepted stays and is counted as sent.", _AGAIN
    ),
    "erasure_first": Words(
        "Made way for an erasure",
        "Somebody is erased from this list, and that could not wait for an approval. Nothing was sent.",
        "The delivery is started again by itself as soon as the erasure is acknowledged.",
    ),
    "rejected": Words("Rejected", "Somebody looked at the change and rejected it. Nothing was sent.", ""),
    "archived": Words("Cancelled", "The delivery was archived, so its run was stopped.", ""),
    "nothing_new": Words(
        "Nothing new",
        "There is no data to deliver: none was written since this delivery was set up, or all of it was deleted. "
        "Nobody was added and nobody removed.",
        "Upload new data to the dataset, then run the delivery.",
    ),
    "up_to_date": Words("Up to date", "The list already holds exactly what it should. Nothing had to be sent.", ""),
    "some_refused": Words(
        "Done, with refused records",
        "Pinterest refused single records. They were set apart; it took everything else.",
        "Look at the refused records on the run’s page.",
    ),
    "nothing_usable": Words(
        "No usable identifier",
        "No row holds an identifier that can be sent, and Pinterest cannot make an empty list.",
        "Look at the reasons below. Often a column is mapped to the wrong kind.",
    ),
    "no_data": Words("No data", "The dataset has no data that is ready.", "Upload a file, then run the delivery."),
    "gave_up": Words(
        "It did not finish",
        "The work was begun several times and stopped each time before its end, for example because the machine ran "
        "out of memory or was switched off.",
        "Look at the worker’s log, give it more memory if it says so, and start the delivery again.",
    ),
    "internal_error": Words(
        "A mistake in PinConnect",
        "The run stopped because of a mistake in the program, not because of your data. Nothing is lost.",
        "Tell whoever runs PinConnect: the worker’s log says more. Then start the delivery again.",
    ),
    "disk_full": Words(
        "The disk is full",
        "There is no room for the files of this run. Whatever was sent before is not lost.",
        "Make room. A run that everything was sent of then ends by itself; if it has failed, start the delivery again.",
    ),
    "memory_short": Words(
        "Not enough memory",
        "The data does not fit into the memory that preparing may use. Nothing was sent.",
        "Raise ENGINE_MEMORY_MB, then start the delivery again.",
    ),
    "files_gone": Words(
        "The run’s files are gone",
        "What was prepared is not in storage any more, and cannot be prepared again. Nothing was sent.",
        _AGAIN,
    ),
    "pinterest_unavailable": Words(
        "Pinterest could not be reached for hours",
        "The run tried for hours and stopped. What Pinterest had accepted is counted as sent.",
        "Look at Pinterest’s status page. " + _AGAIN,
    ),
    "everything_refused": Words(
        "Pinterest refuses everything",
        "Pinterest refused every record of a large sample, one by one, so the run stopped instead of trying them all.",
        "Check that the ad account may use customer lists and that the columns are mapped to the right kinds.",
    ),
    "list_gone": Words(
        "The list is gone",
        "Pinterest no longer knows this customer list. It was deleted there, or the ad account is closed.",
        "Open the delivery and choose “Make a new list”: it is filled again from the dataset.",
    ),
}
REASONS: dict[str, Words] = {**_WAITS, **_HOLDS, **_ENDS}
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
        _AGAIN,
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
        "Look at Pinterest’s status page. " + _AGAIN,
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
    """What a held run would do, as the rest of a sentence. Numbers of identifiers; members: on the list before."""
    there = f"the {members:,} that {'is' if members == 1 else 'are'} on the list"
    if not adds:
        return f"remove {_identifiers(removals)} of {there}"
    adding = f"add {_identifiers(adds)}"
    return f"{adding} and remove {removals:,} of {there}" if removals else f"{adding} to {there}"


def _identifiers(count: int) -> str:
    return f"{count:,} identifier{'' if count == 1 else 's'}"


def of_run(run: Run) -> Words | None:
    """Why a run waits, failed or was cancelled, in the words for what it does; None where there is no reason."""
    if run.trigger == Trigger.ERASURE and run.reason in _OF_ERASURES:
        return _OF_ERASURES[run.reason]
    # What follows from a list that is gone depends on the delivery, also where an erasure has found it out.
    takes_out = run.delivery.mode == Mode.REMOVE if run.reason == "list_gone" else run.is_removal
    return reason(run.reason, is_removal=takes_out) if run.reason else None


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
