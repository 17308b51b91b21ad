package main

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func init() {
	questions["note"] = openNote
	questions["vkey"] = verifierKey
	questions["skey"] = signerKey
	questions["tree"] = tree
	questions["record"] = record
	questions["tile"] = tile
	questions["log"] = log
	questions["serve"] = serve
	questions["client"] = client
}

func number[T int | int64 | uint32](n T) string { return fmt.Sprint(n) }

func integer(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		fail(err)
	}
	return n
}

func signature(s note.Signature) answer { return answer{s.Name, number(s.Hash), s.Base64} }

// openNote: a signed note, then the verifier keys that are known.
func openNote(args []string) answer {
	var known []note.Verifier
	for _, vkey := range args[1:] {
		verifier, err := note.NewVerifier(vkey)
		if err != nil {
			fail(err)
		}
		known = append(known, verifier)
	}
	n, err := note.Open([]byte(args[0]), note.VerifierList(known...))
	if err != nil {
		return answer{false, err}
	}
	return answer{true, n.Text, list(n.Sigs, signature), list(n.UnverifiedSigs, signature)}
}

// verifierKey: a verifier key.
func verifierKey(args []string) answer {
	v, err := note.NewVerifier(args[0])
	if err != nil {
		return answer{false, err}
	}
	return answer{true, v.Name(), number(v.KeyHash())}
}

// signerKey: a signer key, and a text that is signed with it.
func signerKey(args []string) answer {
	s, err := note.NewSigner(args[0])
	if err != nil {
		return answer{false}
	}
	msg, err := note.Sign(&note.Note{Text: args[1]}, s)
	if err != nil {
		return answer{false}
	}
	return answer{true, s.Name(), number(s.KeyHash()), string(msg)}
}

// tree: the text of a tree head.
func tree(args []string) answer {
	t, err := tlog.ParseTree([]byte(args[0]))
	if err != nil {
		return answer{false, err}
	}
	return answer{true, number(t.N), t.Hash.String(), string(tlog.FormatTree(t))}
}

// record: a record, and whether its text could be formatted as one.
func record(args []string) answer {
	var formatted any
	if msg, err := tlog.FormatRecord(7, []byte(args[0])); err == nil {
		formatted = string(msg)
	}
	id, text, rest, err := tlog.ParseRecord([]byte(args[0]))
	if err != nil {
		return answer{formatted, false, err}
	}
	return answer{formatted, true, number(id), string(text), string(rest)}
}

func coordinates(t tlog.Tile) answer {
	return answer{t.Path(), number(t.H), number(t.L), number(t.N), number(t.W)}
}

// tile: the path of a tile.
func tile(args []string) answer {
	t, err := tlog.ParseTilePath(args[0])
	if err != nil {
		return answer{false, err}
	}
	return answer{true, coordinates(t)}
}

// stored is the hashes of a log in memory.
type stored []tlog.Hash

func (s stored) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var out []tlog.Hash
	for _, i := range indexes {
		out = append(out, s[i])
	}
	return out, nil
}

func hashText(h tlog.Hash) answer { return answer{h.String()} }

// log: size of a log, size of an older one, number of a record, height of tiles, a large number.
func log(args []string) answer {
	size, older, n, height := integer(args[0]), integer(args[1]), integer(args[2]), int(integer(args[3]))
	large := integer(args[4])
	var hashes stored
	for i := range size {
		more, err := tlog.StoredHashes(i, []byte(number(i)+"\n"), hashes)
		if err != nil {
			fail(err)
		}
		hashes = append(hashes, more...)
	}
	root, err := tlog.TreeHash(size, hashes)
	if err != nil {
		fail(err)
	}
	out := answer{root.String(), number(tlog.StoredHashCount(large >> 1))}
	recordProof, err := tlog.ProveRecord(size, n, hashes)
	out = append(out, err == nil, list([]tlog.Hash(recordProof), hashText))
	treeProof, err := tlog.ProveTree(size, older, hashes)
	out = append(out, err == nil, list([]tlog.Hash(treeProof), hashText))
	out = append(out, list(tlog.NewTiles(height, older, size), coordinates))
	out = append(out, coordinates(tlog.TileForIndex(height, large)))
	level, at := tlog.SplitStoredHashIndex(large)
	return append(out, number(level), number(at), number(tlog.StoredHashIndex(level, at)))
}

var server = sumdb.NewTestServer(
	"PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz",
	func(path, vers string) ([]byte, error) {
		return fmt.Appendf(nil, "%s %s h1:x\n%s %s/go.mod h1:y\n", path, vers, path, vers), nil
	})

// serve: a path on a server that answers all such questions of a run.
func serve(args []string) (out answer) {
	defer func() {
		// A tile that the log does not reach.
		if recover() != nil {
			out = answer{"404", nil, nil}
		}
	}()
	request := httptest.NewRequestWithContext(context.Background(), "GET", "/", nil)
	request.URL = &url.URL{Path: args[0]}
	recorder := httptest.NewRecorder()
	sumdb.NewServer(server).ServeHTTP(recorder, request)
	return answer{number(recorder.Code), recorder.Header().Get("Content-Type"), recorder.Body.String()}
}

// ops are a client's operations on what a question gives.
type ops struct {
	vkey     string
	latest   []byte
	cache    map[string]string
	remote   map[string]string
	reported bool
}

func get(from map[string]string, name string) ([]byte, error) {
	body, ok := from[name]
	if !ok {
		return nil, errors.New("not found")
	}
	return []byte(body), nil
}

func (o *ops) ReadRemote(path string) ([]byte, error) { return get(o.remote, path) }
func (o *ops) ReadCache(file string) ([]byte, error)  { return get(o.cache, file) }

func (o *ops) ReadConfig(file string) ([]byte, error) {
	if file == "key" {
		return []byte(o.vkey), nil
	}
	return o.latest, nil
}

func (o *ops) WriteConfig(file string, old, new []byte) error { o.latest = new; return nil }
func (o *ops) WriteCache(file string, data []byte)            {}
func (o *ops) Log(msg string)                                 {}
func (o *ops) SecurityError(msg string)                       { o.reported = true }

// client: verifier key, height of tiles, known head, module path, version, then paths on the server
// and names of cached files with their content.
func client(args []string) answer {
	o := &ops{vkey: args[0], latest: []byte(args[2]), cache: map[string]string{}, remote: map[string]string{}}
	for i := 5; i < len(args); i += 2 {
		if strings.HasPrefix(args[i], "/") {
			o.remote[args[i]] = args[i+1]
		} else {
			o.cache[args[i]] = args[i+1]
		}
	}
	c := sumdb.NewClient(o)
	if height := int(integer(args[1])); height != 0 {
		c.SetTileHeight(height)
	}
	lines, err := c.Lookup(args[3], args[4])
	out := answer{err == nil && len(lines) > 0, o.reported, string(o.latest)}
	return append(out, strings.Join(lines, "\n"))
}
