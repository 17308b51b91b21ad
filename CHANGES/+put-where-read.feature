A zip may be published by PUT of `<module>/@v/<version>.zip` below `/api/packages/<owner>/go/`, as other registries have it.
