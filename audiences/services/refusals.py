"""What a service says when something is not possible now, as a sentence for the page or the command line."""

from typing import Any

_SENTENCES = {
    "not_a_draft": "“{name}” is published, so its dataset, audience and columns stay as they are. Make a new delivery.",
    "archived": "“{name}” is archived and does nothing any more. Make a new delivery.",
    "still_a_draft": "“{name}” is a draft. Publish it first.",
    "paused": "“{name}” is paused. Resume it first, then run it.",
    "not_active": "“{name}” is not active, so there is nothing to pause.",
    "not_paused": "“{name}” is not paused, so there is nothing to resume.",
    "incomplete": "“{name}” cannot be published yet: {missing}.",
    "name_blank": "Give the {what} a name.",
    "name_taken": "Another delivery is called “{name}”. Choose a name that tells them apart.",
    "dataset_archived": "The dataset “{name}” is archived. Choose another one.",
    "no_data": "The dataset “{name}” has no data that is ready. Upload a file and wait until it is read.",
    "no_dataset_column": "The dataset has no column “{column}”. Its columns are: {columns}.",
    "no_columns": "Choose at least one column that holds an identifier.",
    "column_twice": "The column “{column}” is chosen twice. One column holds one kind of identifier.",
    "unknown_kind": "“{kind}” is not a kind of identifier. Use one of: {kinds}.",
    "unknown_treatment": "“{treatment}” is not a way to treat {label}. Use one of: {treatments}.",
    "unknown_country": "“{country}” is not a country that phone numbers are known for. Use two letters, such as GB.",
    "cannot_mix": "{sentence} Make one delivery for each.",
    "list_of_one_kind": "{label} needs a list of its own and cannot share one with other kinds of identifiers. "
    "Make a new delivery.",
    "no_profile": "Choose the Pinterest profile first.",
    "profile_not_usable": "The profile “{profile}” is not connected any more. Connect it again under Profiles.",
    "profile_lacks_scopes": "A permission was not ticked when the profile “{profile}” was connected. Connect it again "
    "under Profiles and leave every box ticked.",
    "standby_is_main": "“{profile}” already is the profile of this delivery. Choose another one as standby.",
    "ad_account_not_reached": "The profile “{profile}” does not reach the ad account “{ad_account}”. Choose another "
    "one, or ask its owner for access.",
    "ad_account_not_permitted": "The profile “{profile}” may not write audiences in “{ad_account}”. Ask the owner of "
    "the ad account for the Audience role.",
    "ad_account_not_chosen": "The ad account “{ad_account}” is not chosen for this workspace. Choose it under "
    "Ad Accounts.",
    "no_ad_account": "Choose the ad account first.",
    "elsewhere": "That belongs to another workspace.",
    "run_not_finished": "Run {number} has not finished, so there is nothing to repeat.",
    "is_dry_run": "A dry run sends nothing, so there is nothing to repeat. Run the delivery.",
    "needs_resume": "Pinterest refused the profile of “{name}”. Connect it again under Profiles; the delivery then "
    "goes on by itself.",
    "run_active": "A run of “{name}” is under way. Wait until it has ended, or cancel it, then change the delivery.",
    "split_refused": "{sentence}",
    "split_identifier": "“{column}” is sent as an identifier, so it names people and makes no groups. "
    "Choose another column.",
    "split_personal": "“{column}” seems to hold identifiers ({label}), so it names people and makes no groups. "
    "Choose another column.",
    "split_published": "This form has published “{split}” before, with other choices, so nothing was published now. "
    "Values without a delivery can be added on the page of the split.",
    "split_many": "“{column}” has {count} different values, and a split has at most {most}. "
    "Choose a column that names groups, such as a country or a tier.",
    "split_nothing": "Tick at least one value.",
    "split_full": "A split has at most {most} values. Tick fewer, or split by a column with fewer values.",
    "split_twice": "The same value is chosen twice; upper and lower case make no difference.",
    "split_pattern": "The name has to contain {{value}}, or all deliveries would be called the same.",
    "split_removes": "This delivery takes people out of a list that is there, so it cannot be split into new ones.",
    "filter_refused": "{sentence}",
    "filter_changed": "Somebody has changed the rows of this delivery meanwhile. Load the page again and look first.",
    "lists_begin_anew": "Pinterest broke its listing off, so it has to be read again from the beginning.",
    "lists_rate_limited": "Pinterest takes no more calls for now. Try again in {wait}; what was read so far is kept.",
    "lists_not_reached": "Pinterest did not answer as it should. Try again in a moment; what was read so far is kept.",
    "lists_not_permitted": "Pinterest does not let “{profile}” see the lists of “{ad_account}”. Ask the owner of the "
    "ad account for the Audience role, or choose another ad account.",
    "list_not_listed": "Pinterest has not listed that customer list for “{ad_account}”. Read the lists again, then "
    "choose one.",
    "list_shared": "“{other}” decides already who is on the list “{list}”, and two deliveries that do so would undo "
    "each other. Choose another list or “Remove only”, or archive “{other}” first.",
    "list_only_added": "“{other}” adds people to the list “{list}”, and a mirror would take them out again. Choose "
    "“Add only”, or another list.",
    "remove_needs_list": "“{name}” only takes people out, so it needs a list that is on Pinterest already. Choose one "
    "in the step Audience.",
    "nobody_to_remove": "“{name}” only takes people out, and a new list would hold nobody. Archive it, or edit "
    "its mode.",
    "not_published": "“{name}” is not published, or archived already, so there is nothing to change here.",
    "rename_rate_limited": "Pinterest takes no more calls for now, so the audience keeps its name. Try again later.",
    "rename_not_permitted": "Pinterest does not let “{profile}” rename this audience, or it is gone.",
    "rename_failed": "Pinterest did not answer as it should, so the audience may keep its name. Try again in a moment.",
    "audience_being_made": "Pinterest is making this audience at this moment. Name it again in a minute.",
    "rest_is_saved": "The rest is saved. {sentence}",
    "list_not_gone": "The list of “{name}” is still on Pinterest, so there is no need for a new one.",
    "list_just_chosen": "Another delivery chose the list of “{name}” at this moment. Try again.",
    "list_erasing": "People are being erased from this list at this moment. Try again when that is done.",
    "list_busy": "Another delivery is writing to the same list at this moment. Try again when it is done.",
}


class ServiceRefusal(Exception):  # noqa: N818 - it is an answer, not a failure
    """Not possible now. code: for programs; sentence: for people."""

    def __init__(self, code: str, **values: Any) -> None:
        super().__init__(code)
        self.code = code
        self.sentence = _SENTENCES[code].format(**values)


def codes() -> frozenset[str]:
    """Every code that has a sentence."""
    return frozenset(_SENTENCES)
