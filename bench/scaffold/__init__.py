"""New plugin packages, made from templates."""

from bench.scaffold.package import NewPackage, check_free, files, n_lines, write

__all__ = ["NewPackage", "check_free", "files", "n_lines", "write"]
