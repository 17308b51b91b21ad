package main

import (
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
)

// result is a returned value, or the error in its place.
func result(value string, err error) answer {
	if err != nil {
		return answer{false, err}
	}
	return answer{true, value}
}

// path: a module, import or file path, plain or escaped.
func path(args []string) answer {
	p := args[0]
	prefix, pathMajor, ok := module.SplitPathVersion(p)
	var split answer
	if ok {
		split = answer{prefix, pathMajor}
	}
	return answer{
		module.CheckPath(p),
		module.CheckImportPath(p),
		module.CheckFilePath(p),
		split,
		result(module.EscapePath(p)),
		result(module.UnescapePath(p)),
	}
}

// version: one version, valid or not, plain or escaped.
func version(args []string) answer {
	v := args[0]
	stamp, err := module.PseudoVersionTime(v)
	return answer{
		semver.IsValid(v),
		semver.Canonical(v),
		semver.Major(v),
		semver.MajorMinor(v),
		semver.Prerelease(v),
		semver.Build(v),
		module.CanonicalVersion(v),
		escapeVersion(v),
		result(module.UnescapeVersion(v)),
		module.IsPseudoVersion(v),
		module.IsZeroPseudoVersion(v),
		result(module.PseudoVersionBase(v)),
		result(module.PseudoVersionRev(v)),
		result(stamp.Format(time.RFC3339), err),
	}
}

// escapeVersion is module.EscapeVersion, or nil for any error: some are "internal error".
func escapeVersion(v string) any {
	escaped, err := module.EscapeVersion(v)
	if err != nil {
		return nil
	}
	return escaped
}

// versions: a pair of versions.
func versions(args []string) answer {
	v, w := args[0], args[1]
	return answer{strconv.Itoa(semver.Compare(v, w)), semver.Max(v, w)}
}

// sortVersions: a list of versions.
func sortVersions(args []string) answer {
	semver.Sort(args)
	var out answer
	for _, v := range args {
		out = append(out, v)
	}
	return out
}

// moduleVersion: a module path, a version of it, and a major version suffix.
func moduleVersion(args []string) answer {
	p, v, pathMajor := args[0], args[1], args[2]
	return answer{
		module.Check(p, v),
		module.CheckPathMajor(v, pathMajor),
		module.MatchPathMajor(v, pathMajor),
		pathMajorPrefix(pathMajor),
	}
}

// pathMajorPrefix is module.PathMajorPrefix, or nil if that panics.
func pathMajorPrefix(pathMajor string) (prefix any) {
	defer func() {
		if recover() != nil {
			prefix = nil
		}
	}()
	return module.PathMajorPrefix(pathMajor)
}

// sortModules: a list of paths and versions in turn.
func sortModules(args []string) answer {
	var list []module.Version
	for i := 0; i < len(args); i += 2 {
		list = append(list, module.Version{Path: args[i], Version: args[i+1]})
	}
	module.Sort(list)
	var out answer
	for _, m := range list {
		out = append(out, m.Path, m.Version)
	}
	return out
}

// pseudo: the parts of a pseudo-version: major, older version, seconds since 1970, revision.
func pseudo(args []string) answer {
	seconds, err := strconv.ParseInt(args[2], 10, 64)
	if err != nil {
		fail(err)
	}
	return answer{
		module.PseudoVersion(args[0], args[1], time.Unix(seconds, 0), args[3]),
		module.ZeroPseudoVersion(args[0]),
	}
}

// patterns: a comma-separated list of patterns, and a path.
func patterns(args []string) answer {
	return answer{module.MatchPrefixPatterns(args[0], args[1])}
}

// fold: a pair of texts.
func fold(args []string) answer {
	return answer{
		strings.EqualFold(args[0], args[1]),
		strconv.Quote(args[0]),
	}
}
