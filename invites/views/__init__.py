"""Pages of app invites: the marketer's, and the partner's behind a link."""
