// Merges the descriptions of several Kubernetes minors into one table, on stdout. usage: main.go CACHE VERSION…
//
// Nothing is said twice: an entry holds for every minor from "since" (left out: from the first whose tables are whole) to
// "until" (left out: the last), and what an entry says of a gate holds from the minor that it stands under until the next.
// Of what was gone before the first whole minor, only the name and the last minor that knew it are kept.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const firstWhole = 32

type object = map[string]any

type description struct {
	minor  int
	Fields object `json:"fields"`
	Gates  map[string]struct {
		Stage           string
		Default, Locked bool
		Needs           []string
	} `json:"gates"`
	Flags map[string]struct {
		Type, Field      string
		Deprecated, Bare bool
	} `json:"flags"`
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func minorOf(version string) int {
	n, err := strconv.Atoi(strings.Split(version, ".")[1])
	check(err)
	return n
}

// span writes since and until of what the given minors, of all of them, know.
func span(entry object, known, all []int, name string) object {
	first, last := slices.Index(all, known[0]), slices.Index(all, known[len(known)-1])
	if last-first+1 != len(known) {
		check(fmt.Errorf("%s: went and came back: %v", name, known))
	}
	if known[0] > max(firstWhole, all[0]) {
		entry["since"] = known[0]
	}
	if last < len(all)-1 {
		entry["until"] = known[len(known)-1]
	}
	return entry
}

// mergeType takes the types that one field has, by minor, of the minors that know it.
func mergeType(types map[int]any, minors []int, name string) any {
	latest := types[minors[len(minors)-1]]
	kind, of := only(latest)
	if kind == "" {
		for _, m := range minors {
			if m >= firstWhole && types[m] != latest {
				check(fmt.Errorf("%s: %v in 1.%d, %v later", name, types[m], m, latest))
			}
		}
		return latest
	}
	inner := map[int]any{}
	for _, m := range minors {
		k, v := only(types[m])
		if k != kind {
			check(fmt.Errorf("%s: %v in 1.%d, %s later", name, types[m], m, kind))
		}
		inner[m] = v
	}
	if _, isFields := of.(object); kind == "fields" && isFields {
		return object{kind: mergeFields(inner, minors, name+".")}
	}
	return object{kind: mergeType(inner, minors, name)}
}

func only(t any) (kind string, of any) {
	if o, ok := t.(object); ok {
		for k, v := range o {
			return k, v
		}
	}
	return "", nil
}

// mergeFields merges the fields of one struct; minors are those that know the struct.
func mergeFields(trees map[int]any, minors []int, prefix string) object {
	known := map[string][]int{}
	types := map[string]map[int]any{}
	for _, m := range minors {
		for name, t := range trees[m].(object) {
			if types[name] == nil {
				types[name] = map[int]any{}
			}
			known[name] = append(known[name], m)
			types[name][m] = t
		}
	}
	merged := object{}
	for name, k := range known {
		entry := object{}
		if k[len(k)-1] >= firstWhole {
			entry["type"] = mergeType(types[name], k, prefix+name)
		}
		merged[name] = span(entry, k, minors, prefix+name)
	}
	return merged
}

func mergeGates(all []description, minors []int) object {
	known := map[string][]int{}
	for _, d := range all {
		for name := range d.Gates {
			known[name] = append(known[name], d.minor)
		}
	}
	merged := object{}
	for name, k := range known {
		entry, states, needs := object{}, object{}, object{}
		state, need := "", []string{}
		for _, d := range all {
			g, ok := d.Gates[name]
			if !ok || d.minor < firstWhole {
				continue
			}
			s := g.Stage + map[bool]string{true: " on", false: " off"}[g.Default] + map[bool]string{true: " locked"}[g.Locked]
			if s != state {
				state, states[strconv.Itoa(d.minor)] = s, s
			}
			slices.Sort(g.Needs)
			if !slices.Equal(g.Needs, need) {
				need, needs[strconv.Itoa(d.minor)] = g.Needs, append([]string{}, g.Needs...)
			}
		}
		if len(states) > 0 {
			entry["states"] = states
		}
		if len(needs) > 0 {
			entry["needs"] = needs
		}
		merged[name] = span(entry, k, minors, name)
	}
	return merged
}

func mergeFlags(all []description, minors []int) object {
	known, entries := map[string][]int{}, map[string]object{}
	for _, d := range all {
		for name, f := range d.Flags {
			name = strings.ReplaceAll(name, "_", "-") // as the kubelet's own flag set does
			known[name] = append(known[name], d.minor)
			if entries[name] == nil {
				entries[name] = object{}
			}
			e := entries[name]
			if _, already := e["deprecated"]; f.Deprecated && !already {
				e["deprecated"] = d.minor
			} else if !f.Deprecated {
				delete(e, "deprecated")
			}
			if f.Bare {
				e["bare"] = true
			}
			if f.Field != "" {
				e["field"] = f.Field
			}
			e["type"] = f.Type
		}
	}
	merged := object{}
	for name, k := range known {
		merged[name] = span(entries[name], k, minors, name)
	}
	return merged
}

// write prints a value with sorted keys and each entry on a line of its own, so that a difference reads well.
func write(b *strings.Builder, v any, indent string) {
	o, ok := v.(object)
	flat, err := json.Marshal(v)
	check(err)
	if !ok || len(o) == 0 || !strings.Contains(string(flat), `"fields":{`) && isEntry(o) {
		b.Write(flat)
		return
	}
	keys := []string{}
	for k := range o {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	if len(keys) == 1 {
		fmt.Fprintf(b, "{%q: ", keys[0])
		write(b, o[keys[0]], indent)
		b.WriteString("}")
		return
	}
	b.WriteString("{\n")
	for i, k := range keys {
		fmt.Fprintf(b, "%s  %q: ", indent, k)
		write(b, o[k], indent+"  ")
		b.WriteString(map[bool]string{true: ",\n", false: "\n"}[i < len(keys)-1])
	}
	b.WriteString(indent + "}")
}

func isEntry(o object) bool {
	for k := range o {
		if !slices.Contains([]string{"type", "since", "until", "states", "needs", "deprecated", "bare", "field"}, k) {
			return false
		}
	}
	return true
}

func main() {
	all, minors, versions := []description{}, []int{}, object{}
	trees := map[int]any{}
	for _, version := range os.Args[2:] {
		d := description{minor: minorOf(version)}
		text, err := os.ReadFile(filepath.Join(os.Args[1], strconv.Itoa(d.minor), "description.json"))
		check(err)
		check(json.Unmarshal(text, &d))
		all, minors = append(all, d), append(minors, d.minor)
		trees[d.minor] = d.Fields
		versions[strconv.Itoa(d.minor)] = version
	}
	if !slices.IsSorted(minors) || !slices.Contains(minors, firstWhole) {
		check(fmt.Errorf("versions must rise and hold 1.%d: %v", firstWhole, minors))
	}
	b := &strings.Builder{}
	write(b, object{
		"first":    firstWhole,
		"last":     minors[len(minors)-1],
		"versions": versions,
		"fields":   mergeFields(trees, minors, ""),
		"gates":    mergeGates(all, minors),
		"flags":    mergeFlags(all, minors),
	}, "")
	fmt.Println(b)
}
