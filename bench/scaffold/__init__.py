"""New plugin packages, made from templates."""
