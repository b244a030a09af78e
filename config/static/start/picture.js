// A ready-made avatar, drawn here: a face of two colours that differs each time.

const SIDE = 320;

export function draw(letter) {
  const canvas = Object.assign(document.createElement("canvas"), { width: SIDE, height: SIDE });
  const context = canvas.getContext("2d");
  const hue = Math.floor(Math.random() * 360);
  const ground = context.createLinearGradient(0, 0, SIDE, SIDE);
  ground.addColorStop(0, `hsl(${hue} 75% 62%)`);
  ground.addColorStop(1, `hsl(${(hue + 50) % 360} 70% 44%)`);
  context.fillStyle = ground;
  context.fillRect(0, 0, SIDE, SIDE);
  context.fillStyle = "rgb(255 255 255 / 14%)";
  context.beginPath();
  context.arc(SIDE * Math.random(), SIDE * Math.random(), SIDE * 0.45, 0, 7);
  context.fill();
  context.fillStyle = "white";
  context.font = `600 ${SIDE * 0.48}px system-ui, sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(letter.toUpperCase(), SIDE / 2, SIDE * 0.53);
  const shown = canvas.toDataURL("image/png");
  return { shown, name: "avatar.png", blob: blobOf(shown), key: `${Math.random()}` };
}

export const chosen = (file) => new Promise((resolve) => {
  const reader = new FileReader();
  const key = `${file.name} ${file.size} ${file.lastModified}`;
  reader.onload = () => resolve({ shown: reader.result, name: file.name, blob: file, key });
  reader.readAsDataURL(file);
});

function blobOf(url) {
  const bytes = Uint8Array.from(atob(url.split(",")[1]), (character) => character.charCodeAt(0));
  return new Blob([bytes], { type: "image/png" });
}
