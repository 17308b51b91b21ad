// Command unicode prints, as one JSON object, what this Go toolchain knows of the character
// classes that module rules depend on. pulp_gomod/golang/_unicode_data.py is generated from it.
package main

import (
	"encoding/json"
	"os"
	"unicode"
)

func ranges(in func(rune) bool) [][2]rune {
	var out [][2]rune
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if !in(r) {
			continue
		}
		if n := len(out); n > 0 && out[n-1][1] == r-1 {
			out[n-1][1] = r
		} else {
			out = append(out, [2]rune{r, r})
		}
	}
	return out
}

// folds lists [rune, smallest rune of its simple-folding orbit] wherever the two differ, with the
// orbits of A to Z named by their small letter as golang.org/x/mod/zip does.
func folds() [][2]rune {
	var out [][2]rune
	for r := rune(0); r <= unicode.MaxRune; r++ {
		least := r
		for s := unicode.SimpleFold(r); s != r; s = unicode.SimpleFold(s) {
			least = min(least, s)
		}
		if 'A' <= least && least <= 'Z' {
			least += 'a' - 'A'
		}
		if least != r {
			out = append(out, [2]rune{r, least})
		}
	}
	return out
}

func main() {
	err := json.NewEncoder(os.Stdout).Encode(map[string]any{
		"unicode_version": unicode.Version,
		"letter":          ranges(unicode.IsLetter),
		"print":           ranges(unicode.IsPrint),
		"space":           ranges(unicode.IsSpace),
		"fold":            folds(),
	})
	if err != nil {
		panic(err)
	}
}
