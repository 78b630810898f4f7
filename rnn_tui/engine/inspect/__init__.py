"""How a pass is taken apart: states, gates and gradients computed once more from the equations."""
