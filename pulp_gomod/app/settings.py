"""
Settings of the plugin and their defaults; an administrator overrides them in Pulp's settings.

See docs/admin/reference/settings.md for what each one is for.
"""

GOMOD_MAX_ZIP_SIZE = 500 * 1024 * 1024
GOMOD_MAX_GO_MOD_SIZE = 1024 * 1024
GOMOD_UPLOAD_WAIT = 60
GOMOD_VERIFIERS = 1
GOMOD_VERIFY_SECONDS = 60
GOMOD_REQUIRE_MATCHING_MODULE_LINE = False
GOMOD_API_UPSTREAM = ""
GOMOD_API_WORKERS = 2
GOMOD_FRONT_PAGE = ""
GOMOD_PUBLIC_MAX_AGE = 600
GOMOD_BODIES_SIZE = 2 * 1024 * 1024 * 1024
GOMOD_BODY_TIMEOUT = 3600
GOMOD_TRUSTED_PROXIES = ["127.0.0.0/8", "::1/128"]
GOMOD_FETCH_AHEAD = True
GOMOD_REMOTE_DENIED_NETWORKS = ["link-local", "metadata"]
GOMOD_PROXY_HEADERS = []
GOMOD_ALLOWED_HOSTS = ["*"]
GOMOD_LOOP_WATCH = 0.0
GOMOD_ACCELERATOR = "auto"
GOMOD_STORAGE_TIMEOUT = 20
GOMOD_BUNDLES = 2
GOMOD_SUMDB_RECORDS_PER_HOUR = 10_000
GOMOD_DOCUMENTATION = "auto"
GOMOD_DOCUMENTATION_SECONDS = 120
GOMOD_TOKEN_DAYS = 90
GOMOD_TOKEN_MAX_DAYS = 366
GOMOD_LOGIN_FAILURES = 20
GOMOD_LOGIN_FAILURES_PER_MINUTE = 10
GOMOD_CONSUMER_DAYS = 30
GOMOD_CONSUMER_ROWS = 200_000
GOMOD_EVENT_DAYS = 90
GOMOD_EVENTS_URL = ""
GOMOD_EVENTS_SECRET = ""

MIDDLEWARE = [
    "dynaconf_merge_unique",
    "pulp_gomod.app.auth.door.DoorHeaders",
    "pulp_gomod.app.api.middleware.RequestBounds",
    "pulp_gomod.app.auth.middleware.LoginThrottleMiddleware",
    "pulp_gomod.app.upload.misspelled.MisspelledPaths",
    "pulp_gomod.app.viewsets.token_door.TokenScope",
    "pulp_gomod.app.upload.asked.AskedFirst",
]

DRF_ACCESS_POLICY = {
    "dynaconf_merge_unique": True,
    "reusable_conditions": ["pulp_gomod.app.global_access_conditions"],
}

REST_FRAMEWORK = {
    "dynaconf_merge": True,
    "EXCEPTION_HANDLER": "pulp_gomod.app.api.errors.handle",
    # REST framework's own, but for JSON.
    "DEFAULT_PARSER_CLASSES": [
        "pulp_gomod.app.api.parsers.BodyParser",
        "rest_framework.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
}

SPECTACULAR_SETTINGS = {
    "dynaconf_merge": True,
    "POSTPROCESSING_HOOKS": [
        "dynaconf_merge_unique",
        "pulp_gomod.app.api.described.complete",
    ],
}
