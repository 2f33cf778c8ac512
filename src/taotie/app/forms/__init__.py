"""How is a form laid out? HTML, PDF and DOCX of the same rows, in either language; computes nothing."""
