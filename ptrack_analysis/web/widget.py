"""The explorer as a Jupyter widget with traits; needs the extra ``widgets``."""

from typing import Any

from ptrack_analysis.errors import ParameterError
from ptrack_analysis.web.explorer import Explorer, explore, explorer_script

_RENDER = """
export default {
  render({ model, el }) {
    const box = document.createElement("div");
    box.style.height = `${model.get("height")}px`;
    el.append(box);
    const video = model.get("video_file") || undefined;
    const handle = mount(box, model.get("data"), { theme: model.get("theme"), fill: true, video });
    let own = false;
    const tell = (name, value) => {
      own = true;
      model.set(name, value);
      model.save_changes();
      own = false;
    };
    const listeners = [
      ["change:selected", () => own || handle.select(model.get("selected"))],
      ["change:time_range", () => own || handle.setRange(model.get("time_range"))],
      ["change:moment", () => own || handle.seek(model.get("moment"))],
    ];
    listeners.forEach(([name, call]) => model.on(name, call));
    handle.ready.then(() => {
      if (model.get("selected").length) handle.select(model.get("selected"));
      if (model.get("time_range").length) handle.setRange(model.get("time_range"));
      if (model.get("moment")) handle.seek(model.get("moment"));
      handle.on("select", (persons) => tell("selected", persons));
      handle.on("range", (range) => tell("time_range", range ?? []));
      handle.on("rest", (moment) => tell("moment", moment));
    });
    return () => {
      listeners.forEach(([name, call]) => model.off(name, call));
      handle.destroy();
    };
  },
};
"""


def explore_widget(*arguments: Any, **options: Any) -> Any:
    """Create an explorer as a widget, with the arguments of ``explore``.

    Its traits are synchronized with the page: ``selected``, the list of ``person_index``; ``time_range``,
    start and end of the range [ms], empty for the complete video; ``moment``, the current time [ms].

    Returns
    -------
    anywidget.AnyWidget
        The widget.

    Raises
    ------
    ParameterError
        If anywidget is not installed, or ``explore`` raises it.

    Examples
    --------
    >>> widget = explore_widget(pta.open_video("data/shop"))  # doctest: +SKIP
    >>> widget.selected = [7]  # doctest: +SKIP
    """
    return build_widget(explore(*arguments, **options))


def build_widget(explorer: Explorer) -> Any:
    """Build the widget of an explorer."""
    try:
        import anywidget  # noqa: PLC0415 - an extra
        import traitlets  # noqa: PLC0415 - comes with it
    except ImportError as error:
        raise ParameterError(
            "A widget needs anywidget. Run pip install 'ptrack-analysis[widgets]', or use explore."
        ) from error

    class ExplorerWidget(anywidget.AnyWidget):
        """The explorer in a notebook, with ``selected``, ``time_range`` and ``moment``."""

        _esm = explorer_script() + _RENDER
        data = traitlets.Dict().tag(sync=True)
        height = traitlets.Int(640).tag(sync=True)
        theme = traitlets.Unicode("auto").tag(sync=True)
        video_file = traitlets.Unicode("").tag(sync=True)
        selected = traitlets.List(traitlets.Int()).tag(sync=True)
        time_range = traitlets.List(traitlets.Int(), maxlen=2).tag(sync=True)
        moment = traitlets.Int(0).tag(sync=True)

    video_file = (
        ""
        if explorer.video_file is None
        else f"data:{explorer.video_file['type']};base64,{explorer.video_file['data']}"
    )
    return ExplorerWidget(
        data=explorer.data, height=explorer.height, theme=explorer.theme, video_file=video_file
    )
