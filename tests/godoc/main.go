// Godoc says what go/doc says of the packages in the directories that are named on its command line, as JSON lines.
package main

import (
	"encoding/json"
	"go/ast"
	"go/build"
	"go/doc"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
)

type said struct {
	Dir, Name, Synopsis, HTML string
	Symbols, Examples         []string
	Error                     string
}

func main() {
	out := json.NewEncoder(os.Stdout)
	for _, dir := range os.Args[1:] {
		out.Encode(describe(dir))
	}
}

func describe(dir string) said {
	context := build.Default
	context.GOOS, context.GOARCH, context.CgoEnabled = "linux", "amd64", true
	found, err := context.ImportDir(dir, 0)
	if err != nil {
		return said{Dir: dir, Error: err.Error()}
	}
	fset := token.NewFileSet()
	var files []*ast.File
	var names []string
	names = append(append(names, found.GoFiles...), found.CgoFiles...)
	names = append(append(names, found.TestGoFiles...), found.XTestGoFiles...)
	for _, name := range names {
		file, err := parser.ParseFile(fset, filepath.Join(dir, name), nil, parser.ParseComments)
		if err != nil {
			return said{Dir: dir, Error: err.Error()}
		}
		files = append(files, file)
	}
	pkg, err := doc.NewFromFiles(fset, files, found.ImportPath)
	if err != nil {
		return said{Dir: dir, Error: err.Error()}
	}
	s := said{Dir: dir, Name: pkg.Name, Synopsis: pkg.Synopsis(pkg.Doc), HTML: string(pkg.HTML(pkg.Doc))}
	values(&s, pkg.Consts)
	values(&s, pkg.Vars)
	funcs(&s, "", pkg.Funcs)
	examples(&s, "", pkg.Examples)
	for _, t := range pkg.Types {
		s.Symbols = append(s.Symbols, t.Name)
		examples(&s, t.Name, t.Examples)
		values(&s, t.Consts)
		values(&s, t.Vars)
		funcs(&s, "", t.Funcs)
		funcs(&s, t.Name+".", t.Methods)
		members(&s, t)
	}
	return s
}

func values(s *said, list []*doc.Value) {
	for _, v := range list {
		for _, name := range v.Names {
			if ast.IsExported(name) {
				s.Symbols = append(s.Symbols, name)
			}
		}
	}
}

func funcs(s *said, prefix string, list []*doc.Func) {
	for _, f := range list {
		s.Symbols = append(s.Symbols, prefix+f.Name)
		examples(s, prefix+f.Name, f.Examples)
	}
}

func examples(s *said, name string, list []*doc.Example) {
	for _, e := range list {
		s.Examples = append(s.Examples, name+"/"+e.Suffix+"/"+e.Output)
	}
}

// members adds fields of structs and methods of interfaces.
func members(s *said, t *doc.Type) {
	for _, spec := range t.Decl.Specs {
		var list *ast.FieldList
		switch x := spec.(*ast.TypeSpec).Type.(type) {
		case *ast.StructType:
			list = x.Fields
		case *ast.InterfaceType:
			list = x.Methods
		}
		if list == nil {
			continue
		}
		for _, field := range list.List {
			for _, name := range field.Names {
				if ast.IsExported(name.Name) {
					s.Symbols = append(s.Symbols, t.Name+"."+name.Name)
				}
			}
		}
	}
}
