// Describes the kubelet of the Kubernetes release that it is compiled with, as one JSON document on stdout:
//
//	fields: the type of every field of the KubeletConfiguration (v1beta1), by reflection on the Go type and its json tags
//	gates:  the feature gates that the kubelet registers, as they are in this release
//	flags:  the command line, and for a flag that only sets a configuration field, which one
//
// generate.sh compiles it once a release, in a module of its own. It has no go.mod here for that reason.
package main

import (
	"encoding"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"

	kubeletv1beta1 "k8s.io/kubelet/config/v1beta1"
)

type description struct {
	Fields map[string]any  `json:"fields"`
	Gates  map[string]gate `json:"gates"`
	Flags  map[string]flag `json:"flags"`
}

// Types that write themselves in JSON, so that their Go fields say nothing. Another one stops the generator.
var scalars = map[string]string{
	"k8s.io/apimachinery/pkg/apis/meta/v1.Duration":        "duration",
	"k8s.io/apimachinery/pkg/apis/meta/v1.Time":            "string",
	"k8s.io/apimachinery/pkg/api/resource.Quantity":        "quantity",
	"k8s.io/apimachinery/pkg/api/resource.QuantityValue":   "quantity",
	"k8s.io/component-base/logs/api/v1.TimeOrMetaDuration": "durationOrInt",
}

var (
	jsonUnmarshaler = reflect.TypeFor[json.Unmarshaler]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
)

func describeType(t reflect.Type) any {
	if t.Kind() == reflect.Pointer {
		return describeType(t.Elem())
	}
	name := t.PkgPath() + "." + t.Name()
	if scalar, ok := scalars[name]; ok {
		return scalar
	}
	if p := reflect.PointerTo(t); p.Implements(jsonUnmarshaler) || p.Implements(textUnmarshaler) {
		panic("unknown JSON form of " + name)
	}
	switch t.Kind() {
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "bool"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "int"
	case reflect.Float32, reflect.Float64:
		return "number"
	case reflect.Interface:
		return "any"
	case reflect.Slice:
		return map[string]any{"list": describeType(t.Elem())}
	case reflect.Map:
		return map[string]any{"map": describeType(t.Elem())}
	case reflect.Struct:
		return map[string]any{"fields": describeFields(t)}
	}
	panic("unknown kind of " + name)
}

// jsonName returns a field's name in JSON, "" for one that is left out, and whether its own fields stand in its place.
func jsonName(f reflect.StructField) (name string, inline bool) {
	tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	switch {
	case !f.IsExported() || tag == "-":
		return "", false
	case tag == "" && (f.Anonymous || strings.Contains(f.Tag.Get("json"), "inline")):
		return "", true
	case tag == "":
		return f.Name, false
	}
	return tag, false
}

func describeFields(t reflect.Type) map[string]any {
	fields := map[string]any{}
	for i := range t.NumField() {
		f := t.Field(i)
		name, inline := jsonName(f)
		if inline {
			for k, v := range describeFields(f.Type) {
				fields[k] = v
			}
		} else if name != "" {
			fields[name] = describeType(f.Type)
		}
	}
	return fields
}

func main() {
	d := description{
		Fields: describeFields(reflect.TypeFor[kubeletv1beta1.KubeletConfiguration]()),
		Gates:  gates(),
		Flags:  flags(),
	}
	if err := json.NewEncoder(os.Stdout).Encode(d); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
