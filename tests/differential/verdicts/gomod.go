package main

import (
	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
)

// gomod: the text of a go.mod file.
func gomod(args []string) answer {
	data := []byte(args[0])
	strict, strictErr := modfile.Parse("go.mod", data, nil)
	lax, laxErr := modfile.ParseLax("go.mod", data, nil)
	return answer{
		file(strict, strictErr),
		file(lax, laxErr),
		modfile.ModulePath(data),
		modfile.AutoQuote(args[0]),
	}
}

func pair(m module.Version) answer { return answer{m.Path, m.Version} }

// list is the answers for the items.
func list[T any](items []T, one func(T) answer) answer {
	out := answer{}
	for _, item := range items {
		out = append(out, one(item))
	}
	return out
}

// file is what a go.mod file says, or the error.
func file(f *modfile.File, err error) answer {
	if err != nil {
		return answer{false, err}
	}
	var mod, goVersion, toolchain any
	if f.Module != nil {
		mod = answer{f.Module.Mod.Path, f.Module.Mod.Version, f.Module.Deprecated}
	}
	if f.Go != nil {
		goVersion = f.Go.Version
	}
	if f.Toolchain != nil {
		toolchain = f.Toolchain.Name
	}
	return answer{
		true, mod, goVersion, toolchain,
		list(f.Godebug, func(g *modfile.Godebug) answer { return answer{g.Key, g.Value} }),
		list(f.Require, func(r *modfile.Require) answer { return append(pair(r.Mod), r.Indirect) }),
		list(f.Exclude, func(e *modfile.Exclude) answer { return pair(e.Mod) }),
		list(f.Replace, func(r *modfile.Replace) answer { return answer{pair(r.Old), pair(r.New)} }),
		list(f.Retract, func(r *modfile.Retract) answer { return answer{r.Low, r.High, r.Rationale} }),
		list(f.Tool, func(t *modfile.Tool) answer { return answer{t.Path} }),
		list(f.Ignore, func(i *modfile.Ignore) answer { return answer{i.Path} }),
	}
}
