"""The command line: one module a group of commands; they ask the app and print."""
