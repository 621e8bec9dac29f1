"""Pure helpers without models and without HTTP."""
