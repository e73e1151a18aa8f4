"""The JSON Schemas of what artifact-lint reads and writes, shipped as files beside this module."""
