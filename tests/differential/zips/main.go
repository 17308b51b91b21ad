// Command zips answers, line by line, what Go's own packages say about archives and trees.
//
// A line of standard input is a JSON object with the fields of request; the line of standard output
// for it is one with the fields of reply. Strings stand for bytes: every character is one byte
// (U+0000 to U+00FF), because names in archives need not be valid UTF-8.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/dirhash"
	"golang.org/x/mod/zip"
)

type request struct {
	Op, Path, Version    string
	File, Dir, Rev, Sub  string
}

type reply struct {
	Error     string      // of the operation
	Opened    bool        // whether there is a report
	Valid     []string
	Omitted   [][2]string
	Invalid   [][2]string
	SizeError string
	H1        string
	HashError string
	Module    string // module line of a go.mod
	Seconds   float64
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	out := bufio.NewWriter(os.Stdout)
	encoder := json.NewEncoder(out)
	for in.Scan() {
		var question request
		if err := json.Unmarshal(in.Bytes(), &question); err != nil {
			fail(err)
		}
		if err := encoder.Encode(answer(question)); err != nil {
			fail(err)
		}
		if err := out.Flush(); err != nil {
			fail(err)
		}
	}
	if err := in.Err(); err != nil {
		fail(err)
	}
}

func answer(q request) (r reply) {
	m := module.Version{Path: toBytes(q.Path), Version: toBytes(q.Version)}
	start := time.Now()
	var err error
	switch q.Op {
	case "check": // CheckZip and HashZip of File
		var checked zip.CheckedFiles
		checked, err = zip.CheckZip(m, q.File)
		r.report(checked, err)
		r.hash(q.File)
	case "checkdir": // CheckDir of Dir
		var checked zip.CheckedFiles
		checked, err = zip.CheckDir(q.Dir)
		r.report(checked, err)
	case "hashdir": // HashDir of Dir
		r.H1, err = dirhash.HashDir(q.Dir, m.Path+"@"+m.Version, dirhash.Hash1)
	case "dir", "vcs": // CreateFromDir or CreateFromVCS from Dir to File, and HashZip of that
		var file *os.File
		if file, err = os.Create(q.File); err != nil {
			fail(err)
		}
		if q.Op == "dir" {
			err = zip.CreateFromDir(file, m, q.Dir)
		} else {
			err = zip.CreateFromVCS(file, m, q.Dir, q.Rev, q.Sub)
		}
		file.Close()
		if err == nil {
			r.hash(q.File)
		}
	case "gomod": // ParseLax of File
		var data []byte
		if data, err = os.ReadFile(q.File); err != nil {
			fail(err)
		}
		var file *modfile.File
		if file, err = modfile.ParseLax("go.mod", data, nil); err == nil && file.Module != nil {
			r.Module = toText(file.Module.Mod.Path)
		}
	default:
		fail(fmt.Errorf("unknown operation %q", q.Op))
	}
	r.Seconds = time.Since(start).Seconds()
	if err != nil {
		r.Error = toText(err.Error())
	}
	return r
}

// report takes over a report, which is there even when an error came of it.
func (r *reply) report(checked zip.CheckedFiles, err error) {
	r.Opened = err == nil || checked.Err() != nil
	for _, name := range checked.Valid {
		r.Valid = append(r.Valid, toText(name))
	}
	r.Omitted = pairs(checked.Omitted)
	r.Invalid = pairs(checked.Invalid)
	if checked.SizeError != nil {
		r.SizeError = checked.SizeError.Error()
	}
}

func (r *reply) hash(file string) {
	var err error
	if r.H1, err = dirhash.HashZip(file, dirhash.Hash1); err != nil {
		r.HashError = toText(err.Error())
	}
}

func pairs(errors []zip.FileError) (out [][2]string) {
	for _, e := range errors {
		out = append(out, [2]string{toText(e.Path), toText(e.Err.Error())})
	}
	return out
}

// toBytes turns one character per byte into the bytes.
func toBytes(text string) string {
	out := make([]byte, 0, len(text))
	for _, r := range text {
		out = append(out, byte(r))
	}
	return string(out)
}

// toText turns bytes into one character per byte.
func toText(bytes string) string {
	out := make([]rune, 0, len(bytes))
	for i := range len(bytes) {
		out = append(out, rune(bytes[i]))
	}
	return string(out)
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
