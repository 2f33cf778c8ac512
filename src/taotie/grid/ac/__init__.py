"""Does a DC answer hold in AC? Voltages, reactive power, MVA ratings, every outage."""
