module firstboot.example/lab/verify

go 1.26.0
