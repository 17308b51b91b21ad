package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb"
)

// world is what the client of golang.org/x/mod/sumdb needs: a database below a URL, and a directory.
type world struct {
	URL, Key, Dir string
	Modules       []string // path and version
}

func (w *world) ReadRemote(path string) ([]byte, error) {
	resp, err := http.Get(w.URL + path)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != 200 {
		return nil, fmt.Errorf("%s: %s", path, resp.Status)
	}
	return io.ReadAll(resp.Body)
}

func (w *world) file(name string) string { return filepath.Join(w.Dir, filepath.FromSlash(name)) }

func (w *world) ReadConfig(file string) ([]byte, error) {
	if file == "key" {
		return []byte(w.Key), nil
	}
	data, err := os.ReadFile(w.file("config/" + file))
	if os.IsNotExist(err) {
		return []byte{}, nil
	}
	return data, err
}

func (w *world) WriteConfig(file string, old, new []byte) error {
	known, err := w.ReadConfig(file)
	if err != nil {
		return err
	}
	if !bytes.Equal(known, old) {
		return sumdb.ErrWriteConflict
	}
	w.WriteCache("../config/"+file, new)
	return nil
}

func (w *world) ReadCache(file string) ([]byte, error) { return os.ReadFile(w.file("cache/" + file)) }

func (w *world) WriteCache(file string, data []byte) {
	name := w.file("cache/" + file)
	must(0, os.MkdirAll(filepath.Dir(name), 0o777))
	must(0, os.WriteFile(name, data, 0o666))
}

func (w *world) Log(msg string)           { log.Print(msg) }
func (w *world) SecurityError(msg string) { log.Fatal(msg) }

func lookup() {
	w := new(world)
	must(0, json.NewDecoder(os.Stdin).Decode(w))
	client := sumdb.NewClient(w)
	for _, module := range w.Modules {
		path, version, _ := strings.Cut(module, "@")
		for _, line := range must(client.Lookup(path, version)) {
			fmt.Println(line)
		}
	}
}
