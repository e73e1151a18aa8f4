"""What the real libraries say of files that they wrote: a program for each library, run in its own environments."""
