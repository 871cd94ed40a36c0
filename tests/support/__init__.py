"""What tests share: no module of it is a test, and none imports one."""
