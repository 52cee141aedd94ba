"""What Patchbay knows: values in, values out. No async, no clock, no logging, no library but msgspec."""
