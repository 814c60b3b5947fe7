"""Rules in files, which are watched and saved; a recording is one."""
