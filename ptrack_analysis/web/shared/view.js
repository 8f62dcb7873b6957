/** The view of an image: conversion of image points to screen positions. */

const MAX_ZOOM = 12;

/** Maps fractions of an image to CSS pixels. `x` and `y` are the fractions at the center of the screen. */
export class View {
  constructor(aspect) {
    Object.assign(this, { aspect, zoom: 1, x: 0.5, y: 0.5, left: 0, top: 0, width: 1, height: 1, screen: { width: 1, height: 1 } });
  }

  /** Fit the image into the screen at the current zoom, without empty margins where it is larger. */
  place(screen = this.screen) {
    this.screen = screen;
    this.width = Math.min(screen.width, screen.height * this.aspect) * this.zoom;
    this.height = this.width / this.aspect;
    for (const [center, shown, size] of [["x", screen.width, this.width], ["y", screen.height, this.height]]) {
      const half = Math.min(0.5, shown / size / 2);
      this[center] = Math.min(1 - half, Math.max(half, this[center]));
    }
    this.left = screen.width / 2 - this.x * this.width;
    this.top = screen.height / 2 - this.y * this.height;
  }

  toScreen([x, y]) {
    return [this.left + x * this.width, this.top + y * this.height];
  }

  toFraction([x, y]) {
    return [(x - this.left) / this.width, (y - this.top) / this.height];
  }

  /** Zoom so that the point of the image at a position of the screen stays there. */
  zoomAt(factor, [x, y] = [this.screen.width / 2, this.screen.height / 2]) {
    const [fx, fy] = this.toFraction([x, y]);
    const zoom = Math.min(MAX_ZOOM, Math.max(1, this.zoom * factor));
    this.x = fx + ((this.screen.width / 2 - x) * this.zoom) / (this.width * zoom);
    this.y = fy + ((this.screen.height / 2 - y) * this.zoom) / (this.height * zoom);
    this.zoom = zoom;
    this.place();
  }

  pan(dx, dy) {
    this.x -= dx / this.width;
    this.y -= dy / this.height;
    this.place();
  }

  reset() {
    Object.assign(this, { zoom: 1, x: 0.5, y: 0.5 });
    this.place();
  }

  /** Keep a point in the middle half of the screen; return whether the view moved. */
  follow([x, y]) {
    const [wide, high] = [this.screen.width / this.width / 4, this.screen.height / this.height / 4];
    const center = [Math.min(x + wide, Math.max(x - wide, this.x)), Math.min(y + high, Math.max(y - high, this.y))];
    if (center[0] === this.x && center[1] === this.y) return false;
    [this.x, this.y] = center;
    this.place();
    return true;
  }
}
