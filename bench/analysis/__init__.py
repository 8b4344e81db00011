"""Tables in, tables out: what the measurements say, without reading or writing a file."""
