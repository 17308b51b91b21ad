module example.com/godoc

go 1.24
