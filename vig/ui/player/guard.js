// A picture of the film over the film, while the end of a stretch is near.
//
// A browser tells of a frame after showing it, so that a loop noticed there comes a frame late. The
// guard is drawn from frames inside the stretch only, and stands until the film is back inside.

export class Guard {
  constructor(video) {
    this.video = video;
    this.canvas = document.createElement("canvas");
    this.canvas.className = "guard";
    this.canvas.hidden = true;
    this.canvas.setAttribute("aria-hidden", "true");
    this.pen = this.canvas.getContext("2d", { alpha: false });
    video.after(this.canvas);
  }

  // Draws the frame on screen, if `may(seconds)` allows it; seconds are null where the browser
  // cannot tell which frame it hands out.
  hold(may) {
    const { video, canvas } = this;
    if (!video.videoWidth) return;
    const frame = picture(video);
    if (may(frame === video ? null : frame.timestamp / 1e6)) {
      if (canvas.width !== video.videoWidth || canvas.height !== video.videoHeight) {
        canvas.width = video.videoWidth;
        canvas.height = video.videoHeight;
      }
      this.pen.drawImage(frame, 0, 0, canvas.width, canvas.height);
      canvas.hidden = false;
    }
    if (frame !== video) frame.close();
  }

  lift() {
    if (!this.canvas.hidden) this.canvas.hidden = true;
  }

  close() {
    this.canvas.remove();
  }
}

// The frame with its own time, where the browser has such a thing (not outside a secure context).
function picture(video) {
  if (!("VideoFrame" in window)) return video;
  try {
    return new VideoFrame(video);
  } catch {
    return video; // nothing decoded yet
  }
}
