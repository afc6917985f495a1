package main

import (
	"reflect"

	"github.com/spf13/pflag"

	_ "k8s.io/component-base/logs/json/register" // adds the flags of the JSON log format, as cmd/kubelet does
	kubeletv1beta1 "k8s.io/kubelet/config/v1beta1"
	"k8s.io/kubernetes/cmd/kubelet/app/options"
)

type flag struct {
	Type       string `json:"type"`
	Deprecated bool   `json:"deprecated"`
	Bare       bool   `json:"bare"`            // may stand without a value, and then takes none from the next argument
	Field      string `json:"field,omitempty"` // the KubeletConfiguration's field that it sets
}

// flags builds the command line as NewKubeletCommand of k8s.io/kubernetes/cmd/kubelet/app does.
func flags() map[string]flag {
	config, err := options.NewKubeletConfiguration()
	if err != nil {
		panic(err)
	}
	set := pflag.NewFlagSet("kubelet", pflag.ContinueOnError)
	options.NewKubeletFlags().AddFlags(set)
	options.AddKubeletConfigFlags(set, config)
	options.AddGlobalFlags(set)
	set.BoolP("help", "h", false, "")

	fields := map[uintptr]string{}
	addresses(reflect.ValueOf(config).Elem(), reflect.TypeFor[kubeletv1beta1.KubeletConfiguration](), "", fields)
	all := map[string]flag{}
	set.VisitAll(func(f *pflag.Flag) {
		all[f.Name] = flag{
			Type:       f.Value.Type(),
			Deprecated: f.Deprecated != "",
			Bare:       f.NoOptDefVal != "",
			Field:      target(f.Value, fields),
		}
	})
	return all
}

// addresses notes where each field of the configuration lies, under the dotted name that the published type gives it. The
// internal type, which flags write to, has the same Go names and no json tags.
func addresses(v reflect.Value, published reflect.Type, path string, into map[uintptr]string) {
	for i := range v.NumField() {
		f, ok := published.FieldByName(v.Type().Field(i).Name)
		if !ok || !v.Type().Field(i).IsExported() {
			continue
		}
		name, inline := jsonName(f)
		if name == "" && !inline {
			continue
		}
		p := path
		if !inline {
			p += "." + name
		}
		at := v.Field(i)
		t := f.Type
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		_, scalar := scalars[t.PkgPath()+"."+t.Name()]
		if at.Kind() == reflect.Struct && t.Kind() == reflect.Struct && !scalar {
			addresses(at, t, p, into)
		} else {
			into[at.Addr().Pointer()] = p[1:]
		}
	}
}

// target finds the field behind a flag: a value of pflag points to the variable that it sets, or holds that pointer.
func target(value pflag.Value, fields map[uintptr]string) string {
	v := reflect.ValueOf(value)
	if v.Kind() == reflect.Pointer {
		if name, ok := fields[v.Pointer()]; ok {
			return name
		}
		v = v.Elem()
	}
	if v.Kind() == reflect.Struct {
		for i := range v.NumField() {
			if p := v.Field(i); p.Kind() == reflect.Pointer {
				if name, ok := fields[p.Pointer()]; ok {
					return name
				}
			}
		}
	}
	return ""
}
