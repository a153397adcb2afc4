"""A program with its failpoints and mutants in it (proto/c/fault.h), in a build that has none elsewhere."""

def _with_faults_impl(settings, attr):
    return {"//bazel:faults": True}

_with_faults = transition(
    implementation = _with_faults_impl,
    inputs = [],
    outputs = ["//bazel:faults"],
)

def _faulty_program_impl(ctx):
    made = ctx.actions.declare_file(ctx.label.name)

    # A copy, and nothing else: what it is made of would come where a test has the same program without faults.
    ctx.actions.run_shell(
        inputs = [ctx.executable.program],
        outputs = [made],
        command = 'cp -L "$1" "$2"',
        arguments = [ctx.executable.program.path, made.path],
    )
    return [DefaultInfo(executable = made, runfiles = ctx.runfiles(files = [made]))]

faulty_program = rule(
    implementation = _faulty_program_impl,
    attrs = {
        "program": attr.label(executable = True, cfg = _with_faults, mandatory = True),
        "_allowlist_function_transition": attr.label(default = "@bazel_tools//tools/allowlists/function_transition_allowlist"),
    },
    executable = True,
)
