"""The door. HTTP in, one admitted delivery out. Decides nothing that can wait; never imports crews or workers."""
