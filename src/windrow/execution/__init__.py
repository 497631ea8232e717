"""Where and how plans and programs run; rooms above never know which executor is current."""
