// Command verdicts answers, line by line, what Go's own module packages say about its input.
//
// A line of standard input is a JSON array: the kind of question, then its arguments. The line of
// standard output for it is a JSON array, too. Strings stand for bytes: every character is one byte
// (U+0000 to U+00FF), because module paths and go.mod files need not be valid UTF-8.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
)

// answer is what goes back for one question: strings, booleans, and lists of answers.
type answer []any

// questions answer by kind.
var questions = map[string]func(args []string) answer{
	"path":     path,
	"version":  version,
	"versions": versions,
	"sort":     sortVersions,
	"module":   moduleVersion,
	"modules":  sortModules,
	"pseudo":   pseudo,
	"patterns": patterns,
	"fold":     fold,
	"gomod":    gomod,
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

// texts applies toText to every string inside of the value.
func texts(value any) any {
	switch value := value.(type) {
	case answer:
		for i := range value {
			value[i] = texts(value[i])
		}
		return value
	case string:
		return toText(value)
	case error:
		// What is for people is UTF-8: each byte that is not becomes U+FFFD.
		return toText(string([]rune(value.Error())))
	default: // nil, bool
		return value
	}
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	out := bufio.NewWriter(os.Stdout)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for in.Scan() {
		var question []string
		if err := json.Unmarshal(in.Bytes(), &question); err != nil {
			fail(err)
		}
		for i := range question {
			question[i] = toBytes(question[i])
		}
		ask := questions[question[0]]
		if ask == nil {
			fail(fmt.Errorf("unknown kind of question %q", question[0]))
		}
		if err := encoder.Encode(texts(ask(question[1:]))); err != nil {
			fail(err)
		}
	}
	if err := in.Err(); err != nil {
		fail(err)
	}
	if err := out.Flush(); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
