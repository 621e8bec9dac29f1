"""What a run can wait for and how it can end, in words: a title, what it means, and what to do. messages.py chooses."""

from dataclasses import dataclass

from pinconnect.pinterest.limits import MIN_AUDIENCE_SIZE


@dataclass(frozen=True)
class Words:
    """title: a few words; body: what happened and what it means; next_step: what to do, empty when nothing."""

    title: str
    body: str
    next_step: str


AGAIN = "Start the delivery again: it sends only what is missing."
WAITS = {
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
    "storage_away": Words(
        "The files cannot be reached",
        "The storage that holds what was prepared does not answer, so nothing can be sent. The run tries again by "
        "itself, and nothing is lost.",
        "If it lasts, tell whoever runs PinConnect: the worker’s log says more.",
    ),
    "app_refused": Words(
        "Pinterest does not accept the app",
        "Pinterest refuses this installation’s app ID and secret, so no permission can be renewed. The run tries again "
        "by itself.",
        "Ask whoever runs PinConnect to check PINTEREST_APP_ID and PINTEREST_APP_SECRET.",
    ),
}
HOLDS = {
    "removes_many": Words(
        "Held: it would remove many people",
        "More people would leave the list than this delivery may remove at once: they are not in the dataset any more, "
        "or their rows do not match its conditions. Nothing was sent.",
        "Look at the numbers. Approve the run if they are right, reject it if the dataset is incomplete.",
    ),
    "may_remove_many": Words(
        "Held: it may take many people out",
        "The dataset names more people than this delivery may take out at once. How many of them are on the list, "
        "Pinterest does not say, since others have filled it. Nothing was sent.",
        "Look at the numbers. Approve the run if they are right, reject it if the wrong data was uploaded.",
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
ENDS = {
    "cancelled": Words(
        "Cancelled", "Somebody cancelled the run. What Pinterest had accepted stays and is counted as sent.", AGAIN
    ),
    "erasure_first": Words(
        "Made way for an erasure",
        "Somebody is erased from this list, and that could not wait for an approval. Nothing was sent.",
        "The delivery is started again by itself once the erasure is acknowledged and the delivery is not paused.",
    ),
    "stopped_for_erasure": Words(
        "Stopped for an erasure",
        "Somebody is erased from this list, and that could not wait until the delivery is resumed. What Pinterest had "
        "carried out stays and is counted.",
        "The delivery is started again by itself once the erasure is acknowledged and the delivery is not paused.",
    ),
    "rejected": Words("Rejected", "Somebody looked at the change and rejected it. Nothing was sent.", ""),
    "archived": Words("Cancelled", "The delivery was archived, so its run was stopped.", ""),
    "nothing_new": Words(
        "Nothing new",
        "There is no data to deliver: none was written since this delivery was set up, or all of it was deleted. "
        "Nobody was added and nobody removed.",
        "Upload new data to the dataset, then run the delivery.",
    ),
    "up_to_date": Words(
        "Up to date",
        "The list already holds exactly what it should, by the record of what Pinterest has taken. Nothing had to be "
        "sent. Whether the list is still there, Pinterest is asked daily.",
        "",
    ),
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
        "Make room. The run then goes on by itself; if it has failed, start the delivery again.",
    ),
    "memory_short": Words(
        "Not enough memory",
        "The data does not fit into the memory that preparing may use. Nothing was sent.",
        "Raise ENGINE_MEMORY_MB, then start the delivery again.",
    ),
    "files_gone": Words(
        "The run’s files are gone",
        "What was prepared is not in storage any more, and cannot be prepared again. Nothing was sent.",
        AGAIN,
    ),
    "pinterest_unavailable": Words(
        "Pinterest could not be reached for hours",
        "The run tried for hours and stopped. What Pinterest had accepted is counted as sent.",
        "Look at Pinterest’s status page. " + AGAIN,
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
