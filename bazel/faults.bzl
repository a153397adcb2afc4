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
    ctx.actions.symlink(output = made, target_file = ctx.executable.program, is_executable = True)
    runfiles = ctx.runfiles(files = [made, ctx.executable.program])
    return [DefaultInfo(executable = made, runfiles = runfiles)]

faulty_program = rule(
    implementation = _faulty_program_impl,
    attrs = {
        "program": attr.label(executable = True, cfg = _with_faults, mandatory = True),
        "_allowlist_function_transition": attr.label(default = "@bazel_tools//tools/allowlists/function_transition_allowlist"),
    },
    executable = True,
)
