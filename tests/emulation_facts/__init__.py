"""The facts about AWS that the strict double keeps to, one test each."""
