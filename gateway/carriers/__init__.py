"""Each module speaks one provider's dialect; README.md beside this file says how to add one."""
