"""The door for assistants: the questions as tools, the sources as resources, by the Model Context Protocol."""
