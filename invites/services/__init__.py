"""All writes of app invites: what a marketer does with them, and what a partner does behind a link."""
